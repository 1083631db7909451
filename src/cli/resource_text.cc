#include "cli/resource_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/record_table.h"
#include "cli/text_table.h"

namespace slate::cli {
namespace {

namespace json = boost::json;
using Rows = std::vector<std::vector<std::string>>;

// The member at a path of names; null when any of them is missing.
const json::value* find(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::object* at = &object;
  const json::value* value = nullptr;
  for (const std::string_view name : path) {
    value = at == nullptr ? nullptr : at->if_contains(name);
    if (value == nullptr) return nullptr;
    at = value->is_object() ? &value->get_object() : nullptr;
  }
  return value;
}

std::string text(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  return value == nullptr ? "" : cell_text(*value);
}

const json::array* array(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

std::string index_states(const json::object& datasource) {
  std::string out;
  const json::array* indexes = array(datasource, {"status", "indexes"});
  if (indexes == nullptr) return out;
  for (const json::value& index : *indexes) {
    if (!index.is_object()) continue;
    out += (out.empty() ? "" : ", ") + text(index.get_object(), {"name"});
    const std::string state = text(index.get_object(), {"state"});
    if (state != "ready")
      out += fmt::format(" ({}, {} rows)", state, text(index.get_object(), {"rows_indexed"}));
  }
  return out;
}

// As the URL's `sort`: "-population,name:nulls_first".
std::string sort_text(const json::object& list) {
  std::string out;
  const json::array* keys = array(list, {"sort"});
  if (keys == nullptr) return out;
  for (const json::value& each : *keys) {
    if (!each.is_object()) continue;
    const json::object& key = each.get_object();
    const std::string nulls = text(key, {"nulls"});
    out += (out.empty() ? "" : ",") + std::string(text(key, {"direction"}) == "desc" ? "-" : "") +
           text(key, {"field"}) + (nulls.empty() ? "" : ":nulls_" + nulls);
  }
  return out;
}

// "succeeded", or "failed: loader_unavailable: the loader is asleep (hint: wake it)".
std::string last_load(const json::object& datasource) {
  std::string out = text(datasource, {"status", "last_load", "state"});
  const std::string code = text(datasource, {"status", "last_load", "error", "code"});
  if (!code.empty())
    out += fmt::format(": {}: {}", code, text(datasource, {"status", "last_load", "error", "detail"}));
  const std::string hint = text(datasource, {"status", "last_load", "error", "hint"});
  if (!hint.empty()) out += fmt::format(" (hint: {})", hint);
  return out;
}

// "name      prospects" for each pair that has a text.
std::string facts(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs)
    if (!value.empty()) out += fmt::format("{:<12}{}\n", name, value);
  return out;
}

std::string field_type(const json::object& field) {
  const json::array* items = array(field, {"items"});
  const json::value* item = find(field, {"items"});
  if (items != nullptr && !items->empty()) item = &items->front();
  std::string type = text(field, {"type"});
  if (item != nullptr && item->is_object()) type += " of " + field_type(item->get_object());
  if (const std::string collation = text(field, {"collation"}); !collation.empty()) type += ", " + collation;
  return type;
}

void append_fields(const json::array& fields, const std::string& prefix, Rows& rows) {
  for (const json::value& each : fields) {
    if (!each.is_object()) continue;
    const json::object& field = each.get_object();
    const std::string path = prefix + text(field, {"name"});
    const json::value* indexed = find(field, {"indexed"});
    rows.push_back({path, field_type(field), indexed != nullptr && *indexed == true ? "yes" : "",
                    text(field, {"ttlSeconds"})});
    if (const json::array* entries = array(field, {"fields"})) append_fields(*entries, path + ".", rows);
  }
}

}  // namespace

std::string datasources_table(const json::array& datasources) {
  Rows rows;
  for (const json::value& each : datasources) {
    if (!each.is_object()) continue;
    const json::object& datasource = each.get_object();
    rows.push_back({text(datasource, {"id"}), text(datasource, {"status", "rows"}),
                    text(datasource, {"status", "generation"}), text(datasource, {"status", "loaded_at"}),
                    text(datasource, {"loader", "endpoint"}), text(datasource, {"title"})});
  }
  return render_table(
      {{"NAME"}, {"ROWS", Align::kRight}, {"GENERATION", Align::kRight}, {"LOADED"}, {"LOADER"}, {"TITLE"}},
      rows);
}

std::string lists_table(const json::array& lists) {
  Rows rows;
  for (const json::value& each : lists) {
    if (!each.is_object()) continue;
    const json::object& list = each.get_object();
    const json::array* columns = array(list, {"columns"});
    rows.push_back({text(list, {"id"}), text(list, {"datasource"}),
                    columns == nullptr ? "" : std::to_string(columns->size()), text(list, {"title"})});
  }
  return render_table({{"NAME"}, {"DATASOURCE"}, {"COLUMNS", Align::kRight}, {"TITLE"}}, rows);
}

std::string datasource_text(const json::object& datasource) {
  const std::string sharing = text(datasource, {"status", "sharing"});
  Rows rows;
  if (const json::array* fields = array(datasource, {"fields"})) append_fields(*fields, "", rows);
  return facts({{"name", text(datasource, {"id"})},
                {"title", text(datasource, {"title"})},
                {"rows", text(datasource, {"status", "rows"})},
                {"bytes", text(datasource, {"status", "bytes"})},
                {"generation", text(datasource, {"status", "generation"})},
                {"loaded", text(datasource, {"status", "loaded_at"})},
                {"last load", last_load(datasource)},
                {"loader", text(datasource, {"loader", "endpoint"})},
                {"ttl", text(datasource, {"loader", "ttl"})},
                {"scopes", sharing == "by_scope" ? text(datasource, {"status", "scopes"}) : ""},
                {"durability", text(datasource, {"durability"})},
                {"indexes", index_states(datasource)}}) +
         "\n" + render_table({{"FIELD"}, {"TYPE"}, {"INDEXED"}, {"TTL s", Align::kRight}}, rows);
}

std::string list_text(const json::object& list) {
  Rows rows;
  if (const json::array* columns = array(list, {"columns"})) {
    for (const json::value& each : *columns) {
      if (!each.is_object()) continue;
      const json::object& column = each.get_object();
      const json::value* hidden = find(column, {"hidden"});
      rows.push_back({text(column, {"field"}), text(column, {"type"}), text(column, {"label"}),
                      hidden != nullptr && *hidden == true ? "yes" : ""});
    }
  }
  return facts({{"name", text(list, {"id"})},
                {"title", text(list, {"title"})},
                {"datasource", text(list, {"datasource"})},
                {"filter", text(list, {"filter"})},
                {"sort", sort_text(list)},
                {"page size", text(list, {"page_size"})}}) +
         "\n" + render_table({{"COLUMN"}, {"TYPE"}, {"LABEL"}, {"HIDDEN"}}, rows);
}

}  // namespace slate::cli
