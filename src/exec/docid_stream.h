// Docids in the order their rows come out: what an index gives and a fetch reads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/error.h>
#include <slate/explain.h>

#include "exec/generation_view.h"
#include "exec/index_walker.h"
#include "plan/plan.h"

namespace slate {

// A run of docids under one key, or of one set.
struct DocidRun {
  std::span<const DocId> docids;  // in the stream's order; valid until the next call
  bool starts_group = false;      // the first run of its group
  // The key may have been cut: check the whole filter, order by the real value.
  bool settle = false;
  // It was cut before the group's components ended: its rows are a group by themselves, in the whole order.
  bool settles_order = false;
};

class DocidStream {
 public:
  virtual ~DocidStream() = default;
  // Nothing at the end.
  virtual Result<std::optional<DocidRun>> next() = 0;
  // Whether it counts the index entries it reads; if not, the reader of the docids counts those that it
  // takes.
  virtual bool counts_keys() const { return false; }
};

// What the docids of a walk are wanted for.
struct WalkOrder {
  std::uint32_t group_components = 0;  // as of Plan
  storage::PostingOrder docids = storage::PostingOrder::kAscending;
  const Position* after = nullptr;  // walk from the group of this place on
  // Start behind the place's docid. Only when a group is a key and its docids are in order as they stand.
  bool skips_docids = false;
  std::span<const BoundSortKey> sorted;  // the sort keys that the components give; for `after`
};

// Part of an index, key by key, or several such parts merged. `*starts_at_place` becomes whether the walk
// could start at the place; otherwise it starts at the beginning.
Result<std::unique_ptr<DocidStream>> open_walk(const GenerationView& view, const IndexWalk& walk,
                                               const WalkOrder& order, bool* starts_at_place);

}  // namespace slate
