// What of a filter an index can settle.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {

// and-ed conditions over one column as ranges of an index that begins with it:
//   status = a and contacts_count > 3   over contacts_count   ->   (3, ..), leaving status = a
struct SargableFilter {
  std::vector<ValueRange> ranges;  // disjoint, ascending; empty: no condition on the column can be settled
  BoundFilter residual;            // what remains to be checked
};

SargableFilter sargable(const BoundFilter& filter, std::uint32_t column);

}  // namespace slate
