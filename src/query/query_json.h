// Queries from JSON and back: the body of POST .../query.
#pragma once

#include <boost/json/fwd.hpp>

#include <slate/error.h>
#include <slate/query.h>

namespace slate {

// {"filter": {...}, "sort": [...], "skip": 0, "take": 200, "columns": ["name", "address.city"]}, each
// optional; null is absent. filter and sort are those of model/json.h, with its limits; skip and take are
// whole numbers of up to 64 bits. invalid_argument naming the member by its path ("filter.and[1].op"); other
// members are refused. Fields and types are checked when the query is bound.
Result<Query> query_from_json(const boost::json::value& json);
// The other way round: what is as if it had not been said is left out.
boost::json::value to_json(const Query& query);

}  // namespace slate
