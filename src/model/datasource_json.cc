#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include "model/filter_json.h"
#include "model/json.h"
#include "model/json_read.h"
#include "model/name.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::array kTypeWords{
    Word<Type>{"string", Type::kString}, Word<Type>{"int", Type::kInt},   Word<Type>{"float", Type::kFloat},
    Word<Type>{"bool", Type::kBool},     Word<Type>{"date", Type::kDate}, Word<Type>{"list", Type::kList},
    Word<Type>{"map", Type::kMap},
};
constexpr std::array kCollations{Word<Collation>{"binary", Collation::kBinary},
                                 Word<Collation>{"nocase", Collation::kNocase}};
constexpr std::array kModes{Word<LoadMode>{"replace", LoadMode::kReplace},
                            Word<LoadMode>{"merge", LoadMode::kMerge}};
constexpr std::array kUnknownFields{Word<UnknownFields>{"ignore", UnknownFields::kIgnore},
                                    Word<UnknownFields>{"reject", UnknownFields::kReject}};
constexpr std::array kDurabilities{Word<Durability>{"sync", Durability::kSync},
                                   Word<Durability>{"os", Durability::kOs}};

// `nesting` counts the lists and maps around the field.
Result<Field> read_field(const JsonNode& node, std::size_t nesting);

// A field's place is its name, as validate(Datasource) has it; one without a good name its position. `around`
// is what the place is in: a map, or all fields.
JsonNode field_node(const JsonNode& around, std::size_t position, const json::value& value) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains("name");
  const auto* text = member == nullptr ? nullptr : member->if_string();
  const std::string_view name = text == nullptr ? std::string_view() : std::string_view(*text);
  if (!validate_name(name, "the name of a field")) return JsonNode(around, position, value);
  return JsonNode(around, name, value);
}

Result<std::vector<Field>> read_fields(const JsonNode& node, const JsonNode& around, std::size_t nesting) {
  SLATE_TRY(const auto elements, read_array(node));
  if (elements.size() > Limits::kFields)
    return node.refuse(fmt::format("expected at most {} fields, got {}", Limits::kFields, elements.size()));
  std::vector<Field> fields;
  fields.reserve(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    SLATE_TRY(auto field, read_field(field_node(around, i, elements[i].value()), nesting));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<Field> read_field(const JsonNode& node, std::size_t nesting) {
  if (nesting > Limits::kNesting)
    return node.refuse(fmt::format("lists and maps nest at most {} deep", Limits::kNesting));
  SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"name", "type", "indexed", "collation",
                                                                 "ttlSeconds", "items", "fields"}));
  Field field;
  SLATE_TRY(object.read("name", read_string, field.name));
  SLATE_TRY(const JsonNode type, object.require("type"));
  SLATE_TRY(field.type, read_word(type, kTypeWords));
  SLATE_TRY(object.read("indexed", read_bool, field.indexed));
  SLATE_TRY(object.read(
      "collation", [](const JsonNode& word) { return read_word(word, kCollations); }, field.collation));
  SLATE_TRY(object.read("ttlSeconds", read_int, field.ttl_seconds));
  if (const auto items = object.find("items")) {
    SLATE_TRY(auto element, read_field(*items, nesting + 1));
    field.items.push_back(std::move(element));
  }
  const auto read_entries = [&](const JsonNode& entries) { return read_fields(entries, node, nesting + 1); };
  SLATE_TRY(object.read("fields", read_entries, field.fields));
  return field;
}

// "field", or {"field", "direction"}.
Result<IndexField> read_index_field(const JsonNode& node) {
  IndexField field;
  if (node.value().is_string()) {
    SLATE_TRY(field.field, read_string(node));
    return field;
  }
  SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"field", "direction"}));
  SLATE_TRY(const JsonNode name, object.require("field"));
  SLATE_TRY(field.field, read_string(name));
  SLATE_TRY(object.read("direction", read_direction, field.direction));
  return field;
}

Result<std::vector<CompoundIndex>> read_indexes(const JsonNode& node) {
  SLATE_TRY(const auto elements, read_array(node));
  std::vector<CompoundIndex> indexes;
  for (const auto& element : elements) {
    SLATE_TRY(const ObjectReader object, ObjectReader::open(element, {"fields"}));
    SLATE_TRY(const JsonNode fields_node, object.require("fields"));
    SLATE_TRY(const auto fields, read_array(fields_node));
    CompoundIndex index;
    for (const auto& field_node : fields) {
      SLATE_TRY(auto field, read_index_field(field_node));
      index.fields.push_back(std::move(field));
    }
    indexes.push_back(std::move(index));
  }
  return indexes;
}

Result<LoaderConfig> read_loader(const JsonNode& node) {
  SLATE_TRY(
      const ObjectReader object,
      ObjectReader::open(node, {"endpoint", "ttl", "forwardHeaders", "scopeHeaders", "maxScopes",
                                "maxScopeBytes", "caFile", "staleWhileRevalidate", "staleIfError", "deadline",
                                "idleTimeout", "mode", "unknownFields", "minRows", "maxShrink"}));
  LoaderConfig loader;
  SLATE_TRY(const JsonNode endpoint, object.require("endpoint"));
  SLATE_TRY(loader.endpoint, read_string(endpoint));
  SLATE_TRY(object.read("ttl", read_int, loader.ttl));
  SLATE_TRY(object.read("forwardHeaders", read_strings, loader.forward_headers));
  SLATE_TRY(object.read("scopeHeaders", read_strings, loader.scope_headers));
  SLATE_TRY(object.read("maxScopes", read_int, loader.max_scopes));
  SLATE_TRY(object.read("maxScopeBytes", read_int, loader.max_scope_bytes));
  SLATE_TRY(object.read("caFile", read_string, loader.ca_file));
  SLATE_TRY(object.read("staleWhileRevalidate", read_int, loader.stale_while_revalidate));
  SLATE_TRY(object.read("staleIfError", read_int, loader.stale_if_error));
  SLATE_TRY(object.read("deadline", read_int, loader.deadline));
  SLATE_TRY(object.read("idleTimeout", read_int, loader.idle_timeout));
  SLATE_TRY(object.read(
      "mode", [](const JsonNode& mode) { return read_word(mode, kModes); }, loader.mode));
  SLATE_TRY(object.read(
      "unknownFields", [](const JsonNode& word) { return read_word(word, kUnknownFields); },
      loader.unknown_fields));
  SLATE_TRY(object.read("minRows", read_int, loader.min_rows));
  SLATE_TRY(object.read("maxShrink", read_number, loader.max_shrink));
  return loader;
}

json::object to_object(const Field& field);

json::array to_array(const std::vector<Field>& fields) {
  json::array array;
  array.reserve(fields.size());
  for (const auto& field : fields) array.push_back(to_object(field));
  return array;
}

json::object to_object(const Field& field) {
  json::object object;
  if (!field.name.empty()) object.emplace("name", field.name);
  object.emplace("type", type_name(field.type));
  if (field.indexed) object.emplace("indexed", true);
  if (field.collation != Collation::kBinary)
    object.emplace("collation", word_of(field.collation, kCollations));
  if (field.ttl_seconds) object.emplace("ttlSeconds", *field.ttl_seconds);
  if (!field.items.empty()) object.emplace("items", to_object(field.items.front()));
  if (!field.fields.empty()) object.emplace("fields", to_array(field.fields));
  return object;
}

json::object to_object(const CompoundIndex& index) {
  json::array fields;
  for (const auto& [field, direction] : index.fields) {
    if (direction == Direction::kAscending)
      fields.emplace_back(field);
    else
      fields.push_back(json::object{{"field", field}, {"direction", direction_word(direction)}});
  }
  json::object object;
  object.emplace("fields", std::move(fields));
  return object;
}

json::object to_object(const LoaderConfig& loader) {
  const LoaderConfig defaults;
  json::object object;
  const auto differs = [&](std::string_view member, auto value, auto usual) {
    if (value != usual) object.emplace(member, value);
  };
  object.emplace("endpoint", loader.endpoint);
  if (loader.ttl) object.emplace("ttl", *loader.ttl);
  const auto names = [&](std::string_view member, const std::vector<std::string>& headers) {
    if (!headers.empty()) object.emplace(member, json::array(headers.begin(), headers.end()));
  };
  names("forwardHeaders", loader.forward_headers);
  names("scopeHeaders", loader.scope_headers);
  differs("maxScopes", loader.max_scopes, defaults.max_scopes);
  if (loader.max_scope_bytes) object.emplace("maxScopeBytes", *loader.max_scope_bytes);
  if (loader.ca_file) object.emplace("caFile", *loader.ca_file);
  differs("staleWhileRevalidate", loader.stale_while_revalidate, defaults.stale_while_revalidate);
  differs("staleIfError", loader.stale_if_error, defaults.stale_if_error);
  differs("deadline", loader.deadline, defaults.deadline);
  differs("idleTimeout", loader.idle_timeout, defaults.idle_timeout);
  differs("mode", word_of(loader.mode, kModes), word_of(defaults.mode, kModes));
  differs("unknownFields", word_of(loader.unknown_fields, kUnknownFields),
          word_of(defaults.unknown_fields, kUnknownFields));
  if (loader.min_rows) object.emplace("minRows", *loader.min_rows);
  if (loader.max_shrink) object.emplace("maxShrink", *loader.max_shrink);
  return object;
}

}  // namespace

Result<Datasource> datasource_from_json(const json::value& json) {
  const JsonNode node(json);
  SLATE_TRY(const ObjectReader object,
            ObjectReader::open(node, {"id", "title", "fields", "indexes", "loader", "durability"}));
  Datasource datasource;
  SLATE_TRY(object.read("id", read_string, datasource.id));
  SLATE_TRY(object.read("title", read_string, datasource.title));
  SLATE_TRY(const JsonNode fields, object.require("fields"));
  SLATE_TRY(datasource.fields, read_fields(fields, fields, 0));
  SLATE_TRY(object.read("indexes", read_indexes, datasource.indexes));
  SLATE_TRY(object.read("loader", read_loader, datasource.loader));
  SLATE_TRY(object.read(
      "durability", [](const JsonNode& word) { return read_word(word, kDurabilities); },
      datasource.durability));
  return datasource;
}

json::value to_json(const Datasource& datasource) {
  json::object object;
  object.emplace("id", datasource.id);
  if (!datasource.title.empty()) object.emplace("title", datasource.title);
  object.emplace("fields", to_array(datasource.fields));
  if (!datasource.indexes.empty()) {
    json::array indexes;
    for (const auto& index : datasource.indexes) indexes.push_back(to_object(index));
    object.emplace("indexes", std::move(indexes));
  }
  if (datasource.loader) object.emplace("loader", to_object(*datasource.loader));
  if (datasource.durability) object.emplace("durability", word_of(*datasource.durability, kDurabilities));
  return object;
}

}  // namespace slate
