// What one list adds to the OpenAPI document.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "api/openapi/document.h"

namespace slate::api {

// The names of the schemas of a list.
struct ListSchemaNames {
  explicit ListSchemaNames(const ListView& list)
      : record("list." + list.id + ".record"),
        page("list." + list.id + ".page"),
        conditions("list." + list.id + ".conditions"),
        field("list." + list.id + ".field"),
        values("list." + list.id + ".values"),
        grid_request("list." + list.id + ".gridRequest"),
        grid_rows("list." + list.id + ".gridRows") {}
  std::string record;
  std::string page;        // of records
  std::string conditions;  // that its URLs take
  std::string field;       // what its values may be asked of: a path
  std::string values;      // of one field
  std::string grid_request;
  std::string grid_rows;
};

// {"$ref": "#/components/schemas/NAME"}
boost::json::object schema_reference(std::string_view name);

// Adds those of distinct values of each type, which the lists' refer to.
void add_values_schemas(boost::json::object& schemas);

// Adds the list's schemas. A column that is not among the datasource's any more is left out.
// O(columns * operators).
void add_list_schemas(boost::json::object& schemas, const ListWithDatasource& list);

}  // namespace slate::api
