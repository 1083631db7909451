#include "api/render/status_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "api/render/cell_text.h"
#include "model/date.h"
#include "model/field_path.h"
#include "model/json.h"

namespace slate::api {
namespace {

namespace json = boost::json;

std::int64_t whole_seconds(UnixMillis time) { return time / 1000 - (time % 1000 < 0 ? 1 : 0); }

void append_time(std::string& out, std::optional<UnixMillis> time) {
  if (time) return append_json_time(out, *time);
  out += "null";
}

json::value column_json(const ListColumn& column, const Datasource* datasource) {
  const Field* field = datasource == nullptr ? nullptr : find_field(datasource->fields, column.field);
  json::object object;
  object["field"] = column.field;
  object["label"] = column.label.empty() ? column.field : column.label;
  if (field != nullptr)
    object["type"] = type_name(field->type);
  else if (column.field == "_id")
    object["type"] = type_name(Type::kString);
  else
    object["type"] = nullptr;
  if (column.hidden) object["hidden"] = true;
  return object;
}

}  // namespace

std::string_view freshness_word(FreshnessState state) {
  switch (state) {
    case FreshnessState::kFresh: return "fresh";
    case FreshnessState::kStale: return "stale";
    case FreshnessState::kStatic: return "static";
  }
  return {};
}

void append_freshness(std::string& out, const Freshness& freshness) {
  out += "{\"state\":\"";
  out += freshness_word(freshness.state);
  out += "\",\"generation\":";
  append_integer(out, static_cast<std::int64_t>(freshness.generation));
  out += ",\"loaded_at\":";
  append_time(out, freshness.loaded_at);
  out += ",\"expires_at\":";
  append_time(out, freshness.expires_at);
  out += ",\"error\":";
  if (freshness.error) {
    out += "{\"code\":";
    append_json_string(out, reason_info(freshness.error->reason()).name);
    out += ",\"detail\":";
    append_json_string(out, for_readers(*freshness.error).message());
    out += '}';
  } else {
    out += "null";
  }
  out += '}';
}

json::value time_json(std::optional<UnixMillis> time) {
  if (!time) return nullptr;
  return json::string(format_date(Date{whole_seconds(*time)}));
}

json::value error_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  json::object object;
  object["code"] = reason_info(error->reason()).name;
  object["detail"] = error->message();
  if (error->hint()) object["hint"] = *error->hint();
  return object;
}

std::string_view load_state_word(LoadState state) {
  switch (state) {
    case LoadState::kRunning: return "loading";
    case LoadState::kSucceeded: return "succeeded";
    case LoadState::kFailed: return "failed";
  }
  return {};
}

std::string_view saved_word(Saved saved) {
  switch (saved) {
    case Saved::kCreated: return "created";
    case Saved::kChanged: return "changed";
    case Saved::kUnchanged: return "unchanged";
  }
  return {};
}

json::object load_json(const LoadStatus& load, Audience audience) {
  json::object object;
  object["id"] = load.id;
  object["datasource"] = load.datasource;
  object["state"] = load_state_word(load.state);
  object["rows_loaded"] = load.rows;
  object["bytes"] = load.bytes;
  object["duplicates"] = load.duplicates;
  object["rows_per_second"] = load.rows_per_second;
  object["elapsed_ms"] = load.elapsed.count();
  object["started_at"] = time_json(load.started_at);
  object["finished_at"] = time_json(load.finished_at);
  object["generation"] = load.state == LoadState::kSucceeded ? json::value(load.generation) : json::value();
  object["calls"] = load.calls;
  const bool is_for_readers = load.error && audience == Audience::kReaders;
  object["error"] = error_json(is_for_readers ? for_readers(*load.error) : load.error);
  return object;
}

json::object list_json(const ListView& list, const Datasource* datasource) {
  json::object object;
  object["id"] = list.id;
  object["datasource"] = list.datasource;
  object["title"] = list.title;
  json::array columns;
  columns.reserve(list.columns.size());
  for (const ListColumn& column : list.columns) columns.push_back(column_json(column, datasource));
  object["columns"] = std::move(columns);
  object["filter"] = list.filter ? to_json(*list.filter) : json::value();
  object["sort"] = to_json(list.sort);
  object["page_size"] = list.page_size;
  object["max_page_size"] = list.max_page_size;
  return object;
}

json::object datasource_json(const DatasourceStatus& status, const std::optional<LoadStatus>& load) {
  json::array indexes;
  for (const IndexStatus& index : status.indexes) {
    json::object object;
    object["name"] = index.name;
    object["state"] = index.state == IndexState::kReady ? "ready" : "building";
    object["rows_indexed"] = index.rows_indexed;
    indexes.push_back(std::move(object));
  }
  json::object facts;
  facts["rows"] = status.data.rows;
  facts["generation"] = status.data.generation;
  facts["data_version"] = status.data.data_version;
  facts["loaded_at"] = time_json(status.data.loaded_at);
  facts["bytes"] = status.bytes;
  facts["sharing"] = status.datasource.is_scoped() ? "by_scope" : "shared";
  facts["scopes"] = status.scopes;
  facts["indexes"] = std::move(indexes);
  facts["last_load"] = load ? json::value(load_json(*load, Audience::kAdministration)) : json::value();
  json::value definition = to_json(status.datasource);
  json::object object = std::move(definition.get_object());
  object["status"] = std::move(facts);
  return object;
}

}  // namespace slate::api
