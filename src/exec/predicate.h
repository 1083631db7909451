// A filter compiled for blocks: column by column, many rows at a time.
#pragma once

#include <memory>

#include "exec/row_mask.h"
#include "exec/segments.h"
#include "query/bound_query.h"

namespace slate {

// Immutable; safe for any number of threads.
class Predicate {
 public:
  virtual ~Predicate() = default;
  // Takes out of `rows` those that do not satisfy it.
  virtual void filter(const ResolvedBlock& block, RowMask& rows) const = 0;
};

// Adds the columns it reads to `columns`. Null when the filter is always true.
std::unique_ptr<Predicate> compile(const BoundFilter& filter, ColumnSet& columns);
// What no row satisfies.
std::unique_ptr<Predicate> compile_never();

}  // namespace slate
