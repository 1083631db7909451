// What one list adds to the OpenAPI document.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "api/openapi/document.h"

namespace slate::api {

// The names of the schemas of a list: its records, a page of them, and the conditions that its URL takes.
struct ListSchemaNames {
  explicit ListSchemaNames(const ListView& list)
      : record("list." + list.id + ".record"),
        page("list." + list.id + ".page"),
        conditions("list." + list.id + ".conditions") {}
  std::string record;
  std::string page;
  std::string conditions;
};

// {"$ref": "#/components/schemas/NAME"}
boost::json::object schema_reference(std::string_view name);

// Adds the three schemas. A column that is not among the datasource's any more is left out.
void add_list_schemas(boost::json::object& schemas, const ListWithDatasource& list);

}  // namespace slate::api
