// Rows out of JSON, read by the types that the datasource declares.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/value.h>

namespace slate::scenario {

// What the field holds when JSON says this.
Result<Value> read_json_cell(const boost::json::value& json, const Field& field);

// `_id`, then the columns' cells. Errors: a member that is missing, is too many, or stands elsewhere than
// docs/http-api.md says: `_id` first, then columns in their order, maps where their first column stands.
Result<std::vector<Value>> read_json_row(const boost::json::value& json,
                                         const std::vector<std::string>& columns,
                                         const Datasource& datasource);

}  // namespace slate::scenario
