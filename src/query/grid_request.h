// The request that ag-grid's server-side row model sends, as a query.
#pragma once

#include <boost/json/fwd.hpp>

#include <slate/error.h>
#include <slate/query.h>

namespace slate {

// {"startRow", "endRow", "sortModel": [{"colId", "sort"}], "filterModel": {colId: filter}}, each optional. A
// column's filter, by its `filterType`:
//
//   text     contains notContains equals notEqual startsWith endsWith, case aside; blank notBlank
//   number   equals notEqual lessThan lessThanOrEqual greaterThan greaterThanOrEqual inRange blank notBlank
//   date     the same; a value without a time of day, or with 00:00:00, stands for its whole day in UTC
//   set      values, of which null is the absence of one
//   multi    filterModels: all of them that are not null hold
//
// Two and more of one type are joined by `operator` AND or OR, as condition1 and condition2 or as conditions.
// Filters of several columns all hold. Both ends of inRange are included. notEqual and notContains hold for
// null, as every negation of Slate's does.
//
// invalid_argument naming the member by its path ("filterModel.age.type"). unimplemented naming rowGroupCols,
// groupKeys, pivotCols, pivotMode and valueCols that ask for something, and advanced filters. Columns and the
// types of constants are checked when the query is bound.
Result<Query> query_from_grid_request(const boost::json::value& json);

}  // namespace slate
