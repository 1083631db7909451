// How many rows a filter lets through, estimated.
#pragma once

#include "model/schema.h"
#include "plan/planner.h"
#include "query/bound_query.h"

namespace slate {

// A share, 0 to 1. Indexed columns are asked of the statistics; others are guessed from the operator.
double selectivity(const BoundFilter& filter, const Schema& schema, const Statistics& statistics);

}  // namespace slate
