// Plans for people, from the JSON of the explain endpoint.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include <slate/error.h>

namespace slate::cli {

// The plan as a tree, its cost, what it touched if it ran, and the refused ways:
//   limit take 200  (about 200 rows)
//   └ index_walk index contacts_count: all values, ascending  (about 10000 rows)
// Members that are missing are left out; internal when it is no plan at all.
Result<std::string> plan_text(const boost::json::value& explanation);

}  // namespace slate::cli
