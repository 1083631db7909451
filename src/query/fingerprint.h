// A query's identity: what its cursors are bound to.
#pragma once

#include <cstdint>
#include <span>

#include "model/schema.h"
#include "query/bound_query.h"

namespace slate {

// Of filter and sort; the same for the same query in every process, as long as its fields keep their ids.
// Page, limits and columns do not count. 64 bits of XXH3: different queries differ but for an accident.
std::uint64_t fingerprint(const BoundFilter& filter, std::span<const BoundSortKey> sort,
                          const Schema& schema);

}  // namespace slate
