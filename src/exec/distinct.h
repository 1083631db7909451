// Distinct values of a column with their counts.
#pragma once

#include <slate/distinct.h>
#include <slate/error.h>
#include <slate/options.h>

#include "exec/generation_view.h"
#include "query/bound_query.h"

namespace slate {

// From an index that begins with the column where the filter allows it: O(values). Otherwise by counting the
// column of the matching rows, dictionary codes and small ranges of numbers without a look at each row's
// value. Memory: twice the values asked for; in the order of counts all values, within options.memory_bytes.
Result<DistinctValues> execute_distinct(const BoundDistinct& query, const GenerationView& view,
                                        const QueryOptions& options);

}  // namespace slate
