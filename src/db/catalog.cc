#include "db/catalog.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fmt/format.h>
#include <system_error>

#include "base/try.h"
#include "model/json.h"
#include "storage/cursor.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormatVersion = "1";
constexpr std::string_view kLastGenerationKey = "last_generation";

Failure damaged(std::string_view what) { return fail(Reason::kCorrupt, fmt::format("catalog: {}", what)); }

json::object encode(const std::map<std::string, CatalogCopy>& scopes) {
  json::object document;
  for (const auto& [scope, copy] : scopes) {
    json::object facts;
    facts["generation"] = copy.generation;
    if (copy.loaded_at) facts["loaded_at"] = *copy.loaded_at;
    document[scope] = std::move(facts);
  }
  return document;
}

// {"datasource":{...},"live_generation":3,"loaded_at":1700000000000,"next_field_id":4,"next_index_id":3,
//  "fields":{"name":1,"status":2},"indexes":{"_id":0,"status":1},
//  "scopes":{"9f2c...":{"generation":5,"loaded_at":1700000000000}}}
std::string encode(const CatalogEntry& entry) {
  const Schema& schema = *entry.schema;
  json::object document;
  document["datasource"] = to_json(schema.datasource);
  document["live_generation"] = entry.live_generation;
  if (entry.loaded_at) document["loaded_at"] = *entry.loaded_at;
  document["next_field_id"] = schema.next_field_id;
  document["next_index_id"] = schema.next_index_id;
  json::object fields;
  for (const Column& column : schema.columns) fields[column.path] = column.id;
  document["fields"] = std::move(fields);
  json::object indexes;
  for (const Index& index : schema.indexes) indexes[index.name] = index.id;
  document["indexes"] = std::move(indexes);
  if (!entry.scopes.empty()) document["scopes"] = encode(entry.scopes);
  return json::serialize(document);
}

// A member that must be a number that fits.
template <typename T>
Result<T> number(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr) return damaged(fmt::format("member {} is missing", name));
  boost::system::error_code error;
  const auto value = member->to_number<T>(error);
  if (error) return damaged(fmt::format("member {} is no number", name));
  return value;
}

Result<const json::object*> object_member(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_object()) return damaged(fmt::format("member {} is no object", name));
  return &member->get_object();
}

Result<std::map<std::string, CatalogCopy>> decode_scopes(const json::object& document) {
  std::map<std::string, CatalogCopy> scopes;
  for (const auto& [scope, value] : document) {
    if (!value.is_object()) return damaged("a scope is no object");
    const json::object& facts = value.get_object();
    CatalogCopy copy;
    SLATE_TRY(copy.generation, number<std::uint64_t>(facts, "generation"));
    if (facts.contains("loaded_at")) {
      SLATE_TRY(copy.loaded_at, number<UnixMillis>(facts, "loaded_at"));
    }
    scopes.emplace(scope, copy);
  }
  return scopes;
}

Result<CatalogEntry> decode(std::string_view text) {
  SLATE_TRY(const json::value value, parse_json(text));
  if (!value.is_object()) return damaged("an entry is no object");
  const json::object& document = value.get_object();
  const json::value* declared = document.if_contains("datasource");
  if (declared == nullptr) return damaged("an entry has no datasource");
  SLATE_TRY(const Datasource datasource, datasource_from_json(*declared));

  Schema schema = make_schema(datasource, nullptr);
  SLATE_TRY(const json::object* fields, object_member(document, "fields"));
  for (Column& column : schema.columns) {
    SLATE_TRY(column.id, number<FieldId>(*fields, column.path));
  }
  SLATE_TRY(const json::object* indexes, object_member(document, "indexes"));
  for (Index& index : schema.indexes) {
    SLATE_TRY(index.id, number<std::uint32_t>(*indexes, index.name));
  }
  SLATE_TRY(schema.next_field_id, number<FieldId>(document, "next_field_id"));
  SLATE_TRY(schema.next_index_id, number<std::uint32_t>(document, "next_index_id"));

  CatalogEntry entry;
  SLATE_TRY(entry.live_generation, number<std::uint64_t>(document, "live_generation"));
  if (document.contains("loaded_at")) {
    SLATE_TRY(entry.loaded_at, number<UnixMillis>(document, "loaded_at"));
  }
  if (document.contains("scopes")) {
    SLATE_TRY(const json::object* scopes, object_member(document, "scopes"));
    SLATE_TRY(entry.scopes, decode_scopes(*scopes));
  }
  entry.schema = std::make_shared<const Schema>(std::move(schema));
  return entry;
}

Result<void> check_format(const std::optional<std::string_view>& format) {
  if (!format || *format == kFormatVersion) return {};
  return fail(
      Error(Reason::kUnsupportedFormat,
            fmt::format("the catalog has format version {}, this program reads version {}", *format,
                        kFormatVersion))
          .with_hint("open it with the version of Slate that wrote it, or start with an empty data folder"));
}

// Calls visit(key, value) for each entry of a table, in key order.
template <typename Visit>
Result<void> for_each(storage::Environment& environment, storage::Table table, Visit&& visit) {
  SLATE_TRY(auto txn, environment.begin_read());
  SLATE_TRY(auto cursor, storage::BytesCursor::open(txn, table));
  SLATE_TRY(auto entry, cursor.first());
  while (entry) {
    SLATE_TRY(visit(entry->key, entry->value));
    SLATE_TRY(entry, cursor.next());
  }
  return {};
}

// 0 when there is none.
Result<std::uint64_t> read_last_generation(const storage::Transaction& txn, storage::Table meta) {
  SLATE_TRY(const auto text, txn.get(meta, kLastGenerationKey));
  std::uint64_t last = 0;
  if (text) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), last);
    if (error != std::errc() || end != text->data() + text->size())
      return damaged("the last generation is no number");
  }
  return last;
}

}  // namespace

std::uint64_t CatalogEntry::highest_generation() const {
  std::uint64_t highest = live_generation;
  for (const auto& [scope, copy] : scopes) highest = std::max(highest, copy.generation);
  return highest;
}

Result<std::unique_ptr<Catalog>> Catalog::open(const std::filesystem::path& path, std::uint64_t map_bytes) {
  std::unique_ptr<Catalog> catalog(new Catalog);
  SLATE_TRY(catalog->environment_, storage::Environment::open(path, {.map_bytes = map_bytes}));
  SLATE_TRY(auto txn, catalog->environment_->begin_write());
  SLATE_TRY(catalog->meta_, txn.create_table("meta", storage::TableKind::kBytes));
  SLATE_TRY(catalog->datasources_, txn.create_table("datasources", storage::TableKind::kBytes));
  SLATE_TRY(catalog->lists_, txn.create_table("lists", storage::TableKind::kBytes));
  SLATE_TRY(const auto format, txn.get(catalog->meta_, kFormatKey));
  SLATE_TRY(check_format(format));
  if (!format) {
    SLATE_TRY(txn.put(catalog->meta_, kFormatKey, kFormatVersion));
    SLATE_TRY(txn.commit());
    return catalog;
  }
  SLATE_TRY(txn.commit());
  return catalog;
}

Result<std::unique_ptr<Catalog>> Catalog::open_to_read(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return fail(Reason::kNotFound, fmt::format("there is no {}", path.filename().string()));
  std::unique_ptr<Catalog> catalog(new Catalog);
  SLATE_TRY(catalog->environment_, storage::Environment::open(path, {.access = storage::Access::kReadOnly}));
  SLATE_TRY(auto txn, catalog->environment_->begin_read());
  SLATE_TRY(const auto meta, txn.find_table("meta", storage::TableKind::kBytes));
  SLATE_TRY(const auto datasources, txn.find_table("datasources", storage::TableKind::kBytes));
  SLATE_TRY(const auto lists, txn.find_table("lists", storage::TableKind::kBytes));
  if (!meta || !datasources || !lists) return damaged("lacks its tables");
  catalog->meta_ = *meta;
  catalog->datasources_ = *datasources;
  catalog->lists_ = *lists;
  SLATE_TRY(const auto format, txn.get(catalog->meta_, kFormatKey));
  if (!format) return damaged("lacks its format version");
  SLATE_TRY(check_format(format));
  SLATE_TRY(txn.keep_tables());
  return catalog;
}

Result<std::vector<CatalogEntry>> Catalog::datasources() {
  std::vector<CatalogEntry> entries;
  SLATE_TRY(
      for_each(*environment_, datasources_, [&](std::string_view, std::string_view value) -> Result<void> {
        auto entry = decode(value);
        if (!entry) return fail(std::move(entry).error().during("reading the catalog"));
        entries.push_back(*std::move(entry));
        return {};
      }));
  return entries;
}

Result<std::vector<ListView>> Catalog::lists() {
  std::vector<ListView> lists;
  SLATE_TRY(for_each(*environment_, lists_, [&](std::string_view, std::string_view value) -> Result<void> {
    SLATE_TRY(const json::value document, parse_json(value));
    SLATE_TRY(ListView list, list_view_from_json(document));
    lists.push_back(std::move(list));
    return {};
  }));
  return lists;
}

Result<void> Catalog::put_datasource(const CatalogEntry& entry) {
  SLATE_TRY(auto txn, environment_->begin_write());
  SLATE_TRY(txn.put(datasources_, entry.schema->datasource.id, encode(entry)));
  SLATE_TRY(const std::uint64_t last, read_last_generation(txn, meta_));
  if (entry.highest_generation() > last)
    SLATE_TRY(txn.put(meta_, kLastGenerationKey, std::to_string(entry.highest_generation())));
  return txn.commit();
}

Result<std::uint64_t> Catalog::last_generation() {
  SLATE_TRY(auto txn, environment_->begin_read());
  return read_last_generation(txn, meta_);
}

Result<void> Catalog::remove_datasource(std::string_view id, std::span<const std::string> lists) {
  SLATE_TRY(auto txn, environment_->begin_write());
  SLATE_TRY(txn.remove(datasources_, id));
  for (const std::string& list : lists) SLATE_TRY(txn.remove(lists_, list));
  return txn.commit();
}

Result<void> Catalog::put_list(const ListView& list) {
  SLATE_TRY(auto txn, environment_->begin_write());
  SLATE_TRY(txn.put(lists_, list.id, json::serialize(to_json(list))));
  return txn.commit();
}

Result<void> Catalog::remove_list(std::string_view id) {
  SLATE_TRY(auto txn, environment_->begin_write());
  SLATE_TRY(txn.remove(lists_, id));
  return txn.commit();
}

Result<std::optional<std::string>> Catalog::note(std::string_view key) {
  SLATE_TRY(auto txn, environment_->begin_read());
  SLATE_TRY(const auto value, txn.get(meta_, key));
  if (!value) return std::nullopt;
  return std::string(*value);
}

Result<void> Catalog::set_note(std::string_view key, std::string_view value) {
  SLATE_TRY(auto txn, environment_->begin_write());
  SLATE_TRY(txn.put(meta_, key, value));
  return txn.commit();
}

}  // namespace slate
