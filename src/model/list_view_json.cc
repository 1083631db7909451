#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include "model/filter_json.h"
#include "model/json.h"
#include "model/json_read.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLargestPage = 10'000;

Result<std::string> read_name(const JsonNode& node, std::string_view what) {
  SLATE_TRY(std::string name, read_string(node));
  if (auto valid = validate_name(name, what); !valid)
    return node.refuse(valid.error().message(), valid.error().hint().value_or(""));
  return name;
}

// "datasource": "prospects", or "datasourceRef": {"name": "prospects"}.
Result<std::string> read_datasource(const JsonNode& node, const ObjectReader& object) {
  const auto name = object.find("datasource");
  const auto reference = object.find("datasourceRef");
  if (name && reference) return name->refuse("comes beside datasourceRef; only one of them is needed");
  if (name) return read_name(*name, "the name of a datasource");
  if (!reference) return node.refuse("datasourceRef is missing", "datasourceRef: {name: prospects}");
  SLATE_TRY(const ObjectReader members, ObjectReader::open(*reference, {"name"}));
  SLATE_TRY(const JsonNode inner, members.require("name"));
  return read_name(inner, "the name of a datasource");
}

// "field", or {"field", "label", "hidden"}.
Result<ListColumn> read_column(const JsonNode& node) {
  ListColumn column;
  if (node.value().is_string()) {
    SLATE_TRY(column.field, read_string(node));
    if (column.field.empty()) return node.refuse("expected the name of a field, got an empty string");
    return column;
  }
  SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"field", "label", "hidden"}));
  SLATE_TRY(const JsonNode field, object.require("field"));
  SLATE_TRY(column.field, read_string(field));
  if (column.field.empty()) return field.refuse("expected the name of a field, got an empty string");
  SLATE_TRY(object.read("label", read_string, column.label));
  SLATE_TRY(object.read("hidden", read_bool, column.hidden));
  return column;
}

Result<std::vector<ListColumn>> read_columns(const JsonNode& node) {
  SLATE_TRY(const auto elements, read_array(node));
  constexpr std::size_t kMost = Limits::kFields;
  if (elements.empty() || elements.size() > kMost)
    return node.refuse(fmt::format("expected 1 to {} columns, got {}", kMost, elements.size()));
  std::vector<ListColumn> columns;
  columns.reserve(elements.size());
  for (const auto& element : elements) {
    SLATE_TRY(auto column, read_column(element));
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::uint32_t> read_page_size(const JsonNode& node) {
  SLATE_TRY(const std::int64_t rows, read_int(node));
  if (rows < 1 || rows > kLargestPage)
    return node.refuse(fmt::format("expected 1 to {}, got {}", kLargestPage, rows));
  return static_cast<std::uint32_t>(rows);
}

// When only one of the two is given, the other one's default gives way.
Result<void> read_page_sizes(const ObjectReader& object, ListView& list) {
  const auto size = object.find("pageSize");
  const auto max_size = object.find("maxPageSize");
  SLATE_TRY(object.read("pageSize", read_page_size, list.page_size));
  SLATE_TRY(object.read("maxPageSize", read_page_size, list.max_page_size));
  if (!size) list.page_size = std::min(list.page_size, list.max_page_size);
  if (!max_size) list.max_page_size = std::max(list.page_size, list.max_page_size);
  if (list.page_size > list.max_page_size)
    return size->refuse(
        fmt::format("expected at most the maxPageSize of {}, got {}", list.max_page_size, list.page_size));
  return {};
}

json::value to_json(const ListColumn& column) {
  if (column.label.empty() && !column.hidden) return json::string(column.field);
  json::object object{{"field", column.field}};
  if (!column.label.empty()) object.emplace("label", column.label);
  if (column.hidden) object.emplace("hidden", true);
  return object;
}

}  // namespace

Result<ListView> list_view_from_json(const json::value& json) {
  const JsonNode node(json);
  SLATE_TRY(const ObjectReader object,
            ObjectReader::open(node, {"id", "datasource", "datasourceRef", "title", "columns", "filter",
                                      "sort", "pageSize", "maxPageSize"}));
  ListView list;
  SLATE_TRY(object.read(
      "id", [](const JsonNode& id) { return read_name(id, "the id of a list"); }, list.id));
  SLATE_TRY(list.datasource, read_datasource(node, object));
  SLATE_TRY(object.read("title", read_string, list.title));
  SLATE_TRY(const JsonNode columns, object.require("columns"));
  SLATE_TRY(list.columns, read_columns(columns));
  SLATE_TRY(object.read("filter", read_filter, list.filter));
  SLATE_TRY(object.read("sort", read_sort, list.sort));
  SLATE_TRY(read_page_sizes(object, list));
  return list;
}

json::value to_json(const ListView& list) {
  const ListView defaults;
  json::object object;
  if (!list.id.empty()) object.emplace("id", list.id);
  object.emplace("datasourceRef", json::object{{"name", list.datasource}});
  if (!list.title.empty()) object.emplace("title", list.title);
  json::array columns;
  for (const auto& column : list.columns) columns.push_back(to_json(column));
  object.emplace("columns", std::move(columns));
  if (list.filter) object.emplace("filter", to_json(*list.filter));
  if (!list.sort.empty()) object.emplace("sort", to_json(list.sort));
  if (list.page_size != defaults.page_size) object.emplace("pageSize", std::int64_t{list.page_size});
  if (list.max_page_size != defaults.max_page_size)
    object.emplace("maxPageSize", std::int64_t{list.max_page_size});
  return object;
}

}  // namespace slate
