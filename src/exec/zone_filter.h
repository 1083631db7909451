// Passing over segments whose column bounds rule out a filter (zone maps: Graefe, "Fast loads and fast
// queries", 2009).
#pragma once

#include "codec/block.h"
#include "model/schema.h"
#include "query/bound_query.h"

namespace slate {

// Immutable; safe for any number of threads.
class ZoneFilter {
 public:
  // The references outlive it.
  ZoneFilter(const BoundFilter& filter, const Schema& schema) : filter_(filter), schema_(schema) {}

  // Whether bounds can ever rule out a block.
  bool is_useful() const { return is_useful(filter_); }
  // False only when no row of the block satisfies the filter.
  bool can_match(const BlockView& block) const { return can_match(filter_, block); }

 private:
  static bool is_useful(const BoundFilter& filter);
  bool can_match(const BoundFilter& filter, const BlockView& block) const;
  bool leaf_can_match(const BoundFilter& filter, const BlockView& block) const;

  const BoundFilter& filter_;
  const Schema& schema_;
};

}  // namespace slate
