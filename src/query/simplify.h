// Bound filters put together so that they stay simple: no group inside a group of its kind, no constant
// inside a group, no doubled negation. Each answers with a filter that holds for the same rows.
#pragma once

#include <vector>

#include "query/bound_query.h"

namespace slate {

BoundFilter constant(bool holds);
// An empty `and` is true, an empty `or` false; one child stands for itself.
BoundFilter conjunction(std::vector<BoundFilter> children);
BoundFilter disjunction(std::vector<BoundFilter> children);
BoundFilter negation(BoundFilter filter);

}  // namespace slate
