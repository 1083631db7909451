#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string_view>

#include <slate/datasource.h>

#include "base/try.h"
#include "model/coerce.h"
#include "model/loader_config.h"
#include "model/name.h"
#include "model/schema.h"

namespace slate {
namespace {

constexpr std::size_t kTitleBytes = 1024;
constexpr std::size_t kCompoundIndexes = 256;

Failure refuse(std::string path, std::string message, std::string hint = {}) {
  Error error = Error(Reason::kInvalidArgument, std::move(message)).with_field(std::move(path));
  if (hint.empty()) return fail(std::move(error));
  return fail(std::move(error).with_hint(std::move(hint)));
}

struct Leaf {
  Type type = Type::kString;
  bool expires = false;
};

// Where a field stands: what is true of everything inside the fields around it.
struct Place {
  std::size_t nesting = 0;  // lists and maps around it
  bool in_element = false;  // inside the element of a list
  bool expires = false;     // a map around it has a TTL
};

// Walks the declared fields and gathers the leaves that indexes may name. Recursion ends at Limits::kNesting.
class FieldValidator {
 public:
  // `path` is that of the fields around ("fields" at the top), `dotted` the same as queries write it.
  Result<void> check_fields(const std::vector<Field>& fields, const std::string& path,
                            const std::string& dotted, Place place) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Field& field = fields[i];
      // A bad name cannot name itself.
      const auto by_position = fmt::format("{}[{}].name", path, i);
      if (auto valid = validate_name(field.name, "the name of a field"); !valid)
        return fail(std::move(valid.error()).with_field(by_position));
      if (!names.insert(field.name).second)
        return refuse(by_position, fmt::format("there are two fields named {}", quoted(field.name)));
      SLATE_TRY(check_field(field, path + '.' + field.name, dotted + field.name, place));
    }
    return {};
  }

  const std::map<std::string, Leaf, std::less<>>& leaves() const { return leaves_; }

 private:
  Result<void> check_field(const Field& field, const std::string& path, const std::string& dotted,
                           Place place) {
    SLATE_TRY(check_ttl(field, path, place));
    SLATE_TRY(check_indexed(field, path, place));
    SLATE_TRY(check_collation(field, path, place));
    if (field.type != Type::kMap && ++count_ > Limits::kFields)
      return refuse(path, fmt::format("a datasource has at most {} fields", Limits::kFields));
    const bool expires = place.expires || field.ttl_seconds.has_value();
    if (field.type != Type::kMap && !place.in_element)
      leaves_.emplace(dotted, Leaf{.type = field.type, .expires = expires});
    return check_shape(field, path, dotted,
                       {.nesting = place.nesting, .in_element = place.in_element, .expires = expires});
  }

  static Result<void> check_ttl(const Field& field, const std::string& path, Place place) {
    if (!field.ttl_seconds) return {};
    if (place.in_element)
      return refuse(path, "ttlSeconds: what is inside a list cannot expire by itself",
                    "give the TTL to the list as a whole");
    if (*field.ttl_seconds < 1 || *field.ttl_seconds > kLongestSeconds)
      return refuse(path,
                    fmt::format("ttlSeconds: expected 1 to {}, got {}", kLongestSeconds, *field.ttl_seconds));
    return {};
  }

  static Result<void> check_indexed(const Field& field, const std::string& path, Place place) {
    if (!field.indexed) return {};
    if (field.type == Type::kList || field.type == Type::kMap)
      return refuse(path, fmt::format("indexed: a {} cannot be indexed", type_name(field.type)),
                    field.type == Type::kMap ? "index the fields inside the map" : "");
    if (place.in_element) return refuse(path, "indexed: what is inside a list cannot be indexed");
    if (field.ttl_seconds)
      return refuse(path,
                    "a field cannot be indexed and have a TTL: an expired cell would leave its index entry");
    if (place.expires)
      return refuse(
          path,
          "a field cannot be indexed and have a TTL, here that of the map around it: an expired cell would "
          "leave its index entry");
    return {};
  }

  static Result<void> check_collation(const Field& field, const std::string& path, Place place) {
    if (field.collation == Collation::kBinary) return {};
    if (field.type != Type::kString)
      return refuse(path, fmt::format("collation: nocase is for strings, this field is of type {}",
                                      type_name(field.type)));
    if (place.in_element)
      return refuse(path, "collation: what is inside a list always compares by code point",
                    "ieq and the other operators with an i ignore case in lists");
    return {};
  }

  // That lists have an element, maps have fields, scalars neither; and what is inside.
  Result<void> check_shape(const Field& field, const std::string& path, const std::string& dotted,
                           Place place) {
    const auto name = type_name(field.type);
    if (field.type == Type::kList && field.items.size() != 1)
      return refuse(path,
                    fmt::format("items: a list declares exactly one element, got {}", field.items.size()),
                    "items: {type: string}");
    if (field.type == Type::kMap && field.fields.empty())
      return refuse(path, "fields: a map declares at least one field");
    if (field.type != Type::kList && !field.items.empty())
      return refuse(path, fmt::format("items: is for lists, this field is a {}", name));
    if (field.type != Type::kMap && !field.fields.empty())
      return refuse(path, fmt::format("fields: is for maps, this field is a {}", name));
    if (field.type != Type::kList && field.type != Type::kMap) return {};

    ++place.nesting;
    if (place.nesting > Limits::kNesting)
      return refuse(path, fmt::format("lists and maps nest at most {} deep", Limits::kNesting));
    if (field.type == Type::kMap) return check_fields(field.fields, path, dotted + '.', place);
    place.in_element = true;
    return check_element(field.items.front(), path + ".items", place);
  }

  Result<void> check_element(const Field& element, const std::string& path, Place place) {
    if (!element.name.empty())
      return refuse(path,
                    fmt::format("name: the element of a list has no name, got {}", quoted(element.name)));
    SLATE_TRY(check_ttl(element, path, place));
    SLATE_TRY(check_indexed(element, path, place));
    SLATE_TRY(check_collation(element, path, place));
    return check_shape(element, path, "", place);
  }

  std::size_t count_ = 0;
  std::map<std::string, Leaf, std::less<>> leaves_;
};

Result<void> check_index_field(const std::string& field, const std::string& path,
                               const std::map<std::string, Leaf, std::less<>>& leaves) {
  const auto leaf = leaves.find(field);
  if (leaf == leaves.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : leaves) names.push_back(name);
    return refuse(path, fmt::format("expected a field of this datasource, got {}", quoted(field)),
                  near_miss_hint(field, names));
  }
  if (leaf->second.type == Type::kList)
    return refuse(path, fmt::format("{} is a list, which cannot be indexed", field));
  if (leaf->second.expires)
    return refuse(path, fmt::format("{} has a TTL: an expired cell would leave its index entry", field));
  return {};
}

Result<void> check_indexes(const Datasource& datasource,
                           const std::map<std::string, Leaf, std::less<>>& leaves,
                           std::set<std::string> names) {
  if (datasource.indexes.size() > kCompoundIndexes)
    return refuse("indexes", fmt::format("expected at most {} compound indexes, got {}", kCompoundIndexes,
                                         datasource.indexes.size()));
  for (std::size_t i = 0; i < datasource.indexes.size(); ++i) {
    const auto& fields = datasource.indexes[i].fields;
    const auto path = fmt::format("indexes[{}]", i);
    if (fields.empty() || fields.size() > Limits::kIndexFields)
      return refuse(path + ".fields",
                    fmt::format("expected 1 to {} fields, got {}", Limits::kIndexFields, fields.size()));
    std::set<std::string_view> seen;
    for (std::size_t j = 0; j < fields.size(); ++j) {
      const auto field_path = fmt::format("{}.fields[{}]", path, j);
      SLATE_TRY(check_index_field(fields[j].field, field_path, leaves));
      if (!seen.insert(fields[j].field).second)
        return refuse(field_path, fmt::format("{} comes twice in this index", fields[j].field));
    }
    auto name = index_name(fields);
    if (!names.insert(name).second)
      return refuse(path, fmt::format("there is another index on {}", name),
                    fields.size() == 1 ? "indexed: true on the field is enough" : "");
  }
  return {};
}

// The names of the indexes that fields declare for themselves.
void gather_index_names(const std::vector<Field>& fields, const std::string& dotted,
                        std::set<std::string>& names) {
  for (const auto& field : fields) {
    if (field.indexed) names.insert(dotted + field.name);
    if (field.type == Type::kMap) gather_index_names(field.fields, dotted + field.name + '.', names);
  }
}

}  // namespace

Result<void> validate(const Datasource& datasource) {
  if (auto valid = validate_name(datasource.id, "the id of a datasource"); !valid)
    return fail(std::move(valid.error()).with_field("id"));
  if (datasource.title.size() > kTitleBytes || !is_valid_utf8(datasource.title))
    return refuse("title", fmt::format("expected at most {} bytes of UTF-8, got {}", kTitleBytes,
                                       quoted(datasource.title)));
  FieldValidator fields;
  SLATE_TRY(fields.check_fields(datasource.fields, "fields", "", {}));
  std::set<std::string> index_names;
  gather_index_names(datasource.fields, "", index_names);
  SLATE_TRY(check_indexes(datasource, fields.leaves(), std::move(index_names)));
  if (datasource.loader) SLATE_TRY(validate(*datasource.loader));
  return {};
}

}  // namespace slate
