// What of a filter an index can settle: its sargable conditions as ranges of keys.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {

// The conditions that a filter is the `and` of: itself, unless it is an `and`. None when it is always true.
std::span<const BoundFilter> conjuncts_of(const BoundFilter& filter);

// A choice among conjuncts, by position.
using ConjunctSet = std::vector<bool>;

// and-ed conditions as ranges of an index:
//   status = a and contacts > 3 and name = x   over (status, contacts)   ->   status = a, contacts in (3,
//   ..); name = x is not settled
// A condition whose texts compare otherwise than the index's keys gives no ranges, with one exception: what
// begins with a prefix begins with it in folded keys too, so that such a condition gives ranges and is not
// settled.
struct SettledRanges {
  std::vector<IndexRange> ranges;  // disjoint, in the order of keys
  ConjunctSet settled;
  std::uint32_t equalities = 0;  // leading components that each range fixes to one value: the prefix's size
  bool contradiction = false;    // no row can satisfy the conditions; no ranges then

  bool any() const { return contradiction || !ranges.empty(); }
};
SettledRanges settle(std::span<const BoundFilter> conjuncts, const Index& index);

// The `and` of the conjuncts that are not in `settled`.
BoundFilter rest_of(std::span<const BoundFilter> conjuncts, const ConjunctSet& settled);

// Whether the conjuncts leave a column a single value, null included, as far as its collation tells values
// apart.
bool is_constant(std::span<const BoundFilter> conjuncts, std::uint32_t column, Collation collation);

}  // namespace slate
