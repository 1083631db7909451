// Datasources and lists of a server, for people, from the JSON of its API.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace slate::cli {

// A line each. Members that are missing are shown as nothing.
std::string datasources_table(const boost::json::array& datasources);
std::string lists_table(const boost::json::array& lists);

// What it is, its data and indexes, and a line a field.
std::string datasource_text(const boost::json::object& datasource);
// What it is, its filter and sort, and a line a column.
std::string list_text(const boost::json::object& list);

}  // namespace slate::cli
