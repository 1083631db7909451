#include "api/openapi/list_schemas.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/schema.h"
#include "query/bound_query.h"
#include "query/names.h"

namespace slate::api {
namespace {

namespace json = boost::json;

json::value type_or_null(std::string_view type) { return json::array{json::string(type), "null"}; }

// Of a cell of the type. Ints may be strings (`int64=string`); dates beyond the year 9999 are seconds.
json::object cell_schema(Type type, const std::vector<Field>& items);

json::object field_schema(const Field& field) {
  if (field.type != Type::kMap) return cell_schema(field.type, field.items);
  json::object properties;
  for (const Field& entry : field.fields) properties[entry.name] = field_schema(entry);
  return {{"type", type_or_null("object")}, {"properties", std::move(properties)}};
}

json::object cell_schema(Type type, const std::vector<Field>& items) {
  switch (type) {
    case Type::kString: return {{"type", type_or_null("string")}};
    case Type::kInt: return {{"type", json::array{"integer", "string", "null"}}, {"format", "int64"}};
    case Type::kFloat: return {{"type", type_or_null("number")}, {"format", "double"}};
    case Type::kBool: return {{"type", type_or_null("boolean")}};
    case Type::kDate: return {{"type", json::array{"string", "integer", "null"}}, {"format", "date-time"}};
    case Type::kList: {
      json::object list{{"type", type_or_null("array")}};
      if (!items.empty()) list["items"] = field_schema(items.front());
      return list;
    }
    case Type::kMap: return {{"type", type_or_null("object")}};
  }
  return {};
}

// The columns that a list shows, hidden ones included; the datasource may have changed since it was saved.
std::vector<std::uint32_t> columns_of(const ListView& list, const Schema& schema) {
  std::vector<std::uint32_t> columns;
  for (const ListColumn& column : list.columns) {
    auto found = columns_inside(schema, column.field);
    if (const auto leaf = schema.find_column(column.field)) found.push_back(*leaf);
    for (const std::uint32_t position : found)
      if (std::ranges::find(columns, position) == columns.end()) columns.push_back(position);
  }
  return columns;
}

// Puts the schema of a leaf at its path, maps around it.
void add_cell(json::object& properties, std::string_view path, json::object cell) {
  const auto dot = path.find('.');
  const std::string name(path.substr(0, dot));
  if (dot == std::string_view::npos) {
    properties[name] = std::move(cell);
    return;
  }
  if (!properties.contains(name))
    properties[name] = json::object{{"type", type_or_null("object")}, {"properties", json::object{}}};
  add_cell(properties[name].as_object()["properties"].as_object(), path.substr(dot + 1), std::move(cell));
}

json::object record_schema(const std::vector<std::uint32_t>& columns, const Schema& schema) {
  json::object properties;
  properties["_id"] = json::object{{"type", "string"}};
  for (const std::uint32_t position : columns) {
    const Column& column = schema.columns[position];
    if (position != kRecordIdColumn)
      add_cell(properties, column.path, cell_schema(column.type, column.items));
  }
  return {{"type", "object"},
          {"required", json::array{"_id"}},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

// What the text of a condition's parameter holds.
json::object condition_schema(const Column& column, Op op) {
  if (op == Op::kIsnull || op == Op::kEmpty) return {{"type", "boolean"}};
  if (op == Op::kIn || op == Op::kNin || op == Op::kBetween)
    return {{"type", "string"}, {"description", "Separated by commas."}};
  switch (column.type) {
    case Type::kInt: return {{"type", "number"}};
    case Type::kFloat: return {{"type", "number"}};
    case Type::kBool: return {{"type", "boolean"}};
    default: return {{"type", "string"}};
  }
}

json::object conditions_schema(const std::vector<std::uint32_t>& columns, const Schema& schema) {
  json::object properties;
  for (const std::uint32_t position : columns) {
    const Column& column = schema.columns[position];
    for (const Op op : operators_of(column)) {
      std::string name = column.path;
      if (op != Op::kEq) name += "__" + std::string(op_name(op));
      properties[name] = condition_schema(column, op);
    }
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

// Of the values of a column. Lists give their elements; those that are no scalars may be anything.
std::string values_name(const Column& column) {
  const Type type = column.items.empty() ? column.type : column.items.front().type;
  if (type == Type::kList || type == Type::kMap) return "Values";
  return "Values." + std::string(type_name(type));
}

// `narrow` says more of what the schema of that name says.
json::object narrowed(std::string_view name, json::object narrow) {
  return {{"allOf", json::array{schema_reference(name), std::move(narrow)}}};
}

json::object properties_schema(json::object properties) { return {{"properties", std::move(properties)}}; }

// The answer names its field, which tells of what type its values are.
json::object values_schema(const ListView& list, const std::vector<std::uint32_t>& columns,
                           const Schema& schema) {
  std::map<std::string, json::array> fields;
  for (const std::uint32_t position : columns) {
    const Column& column = schema.columns[position];
    fields[values_name(column)].emplace_back(column.path);
  }
  json::array either;
  for (auto& [values, paths] : fields)
    either.push_back(properties_schema(
        {{"field", json::object{{"enum", std::move(paths)}}}, {"values", schema_reference(values)}}));
  return narrowed("ListValues", {{"properties", json::object{{"list", json::object{{"const", list.id}}}}},
                                 {"oneOf", std::move(either)}});
}

json::object paths_schema(const std::vector<std::uint32_t>& columns, const Schema& schema) {
  json::array paths;
  for (const std::uint32_t position : columns) paths.emplace_back(schema.columns[position].path);
  return {{"enum", std::move(paths)}};
}

// A filter of null is none, whatever it is of.
json::object grid_request_schema(const std::vector<std::uint32_t>& columns, const Schema& schema) {
  json::object filters;
  std::vector<std::uint32_t> sortable;
  for (const std::uint32_t position : columns) {
    filters[schema.columns[position].path] = schema_reference("OptionalGridFilter");
    if (schema.columns[position].type != Type::kList) sortable.push_back(position);
  }
  json::object filter_model{{"properties", std::move(filters)},
                            {"additionalProperties", json::object{{"type", "null"}}}};
  json::object sort_key = properties_schema({{"colId", paths_schema(sortable, schema)}});
  return narrowed("GridRequest",
                  properties_schema({{"sortModel", json::object{{"items", std::move(sort_key)}}},
                                     {"filterModel", std::move(filter_model)}}));
}

json::object grid_rows_schema(const ListSchemaNames& names) {
  return narrowed("GridRows",
                  properties_schema({{"rowData", json::object{{"items", schema_reference(names.record)}}}}));
}

}  // namespace

json::object schema_reference(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

void add_values_schemas(json::object& schemas) {
  for (const Type type : {Type::kString, Type::kInt, Type::kFloat, Type::kBool, Type::kDate}) {
    json::object value = properties_schema({{"value", cell_schema(type, {})}});
    schemas["Values." + std::string(type_name(type))] = narrowed("Values", {{"items", std::move(value)}});
  }
}

void add_list_schemas(json::object& schemas, const ListWithDatasource& of) {
  const ListSchemaNames names(of.list);
  const Schema schema = make_schema(of.datasource, nullptr);
  auto columns = columns_of(of.list, schema);
  schemas[names.record] = record_schema(columns, schema);
  json::object properties;
  properties["list"] = json::object{{"const", of.list.id}};
  properties["records"] = json::object{{"type", "array"}, {"items", schema_reference(names.record)}};
  schemas[names.page] = narrowed("ListPage", properties_schema(std::move(properties)));
  // Whatever a list shows, its records may be asked for by id.
  if (std::ranges::find(columns, kRecordIdColumn) == columns.end()) columns.push_back(kRecordIdColumn);
  schemas[names.conditions] = conditions_schema(columns, schema);
  schemas[names.field] = paths_schema(columns, schema);
  schemas[names.values] = values_schema(of.list, columns, schema);
  schemas[names.grid_request] = grid_request_schema(columns, schema);
  schemas[names.grid_rows] = grid_rows_schema(names);
}

}  // namespace slate::api
