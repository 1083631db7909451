// From what `slate query` takes to the body of the explain endpoint.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include <slate/error.h>

namespace slate::cli {

// The query, in the JSON form, that a GET with these URL parameters runs on a datasource, or on a list of it:
// the list's own filter, sort, columns and page size count as the server makes them count. `datasource` and
// `list` are as the server shows them; a null list is none. Errors: invalid_argument naming the parameter;
// internal for answers that are no datasource or list.
Result<boost::json::value> explain_query(const std::vector<std::pair<std::string, std::string>>& parameters,
                                         const boost::json::value& datasource,
                                         const boost::json::value* list);

}  // namespace slate::cli
