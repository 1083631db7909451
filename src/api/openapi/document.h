// The OpenAPI 3.1 document of this server: its operations, and its lists as they are declared now.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <vector>

#include <slate/datasource.h>
#include <slate/list_view.h>

#include "api/operation.h"

namespace slate::api {

struct ListWithDatasource {
  ListView list;
  Datasource datasource;
};

// Each list has, beside the calls for any list, its own `data` with the schemas of its records and
// conditions. O(operations + columns * operators).
boost::json::object openapi_document(std::span<const Operation> operations,
                                     std::span<const ListWithDatasource> lists);

}  // namespace slate::api
