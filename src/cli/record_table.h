// Records of an answer, for a terminal.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace slate::cli {

// A table of the objects in `records`: a column for each member, in the order in which they first appear;
// numbers to the right, nulls empty, lists and maps as JSON. Empty for no records.
std::string record_table(const boost::json::array& records);

// One JSON value as a cell.
std::string cell_text(const boost::json::value& value);

}  // namespace slate::cli
