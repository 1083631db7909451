// Rows of a stream of docids, in its order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exec/docid_stream.h"
#include "exec/gather.h"
#include "exec/operator.h"
#include "exec/predicate.h"

namespace slate {

// Rows at the front of an answer that nobody wants. Operators take them off where they know rows to be in the
// answer without a look at them; whoever reads the answer passes over the others.
struct Skip {
  std::uint64_t left = 0;

  // Takes docids of such rows off the front; answers how many.
  std::size_t take(std::span<const DocId>& docids) {
    const std::size_t taken = std::min<std::uint64_t>(left, docids.size());
    docids = docids.subspan(taken);
    left -= taken;
    return taken;
  }
};

class Fetch final : public Operator {
 public:
  // `residual` is what the stream leaves to check, `whole` the whole filter, for docids under keys that may
  // have been cut; either may be null. The consumer will want at most `goal` rows, those of `skip` among
  // them. The references outlive the operator.
  Fetch(std::unique_ptr<DocidStream> docids, SegmentReader& reader, const Predicate* residual,
        const Predicate* whole, Skip& skip, std::uint64_t goal, Interrupt& interrupt, QueryCounters& counters)
      : docids_(std::move(docids)),
        reader_(reader),
        residual_(residual),
        whole_(whole),
        skip_(skip),
        goal_(goal),
        interrupt_(interrupt),
        counters_(counters) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  std::unique_ptr<DocidStream> docids_;
  SegmentReader& reader_;
  const Predicate* residual_;
  const Predicate* whole_;
  Skip& skip_;
  std::uint64_t goal_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
  std::span<const DocId> pending_;
  bool settle_ = false;
};

// Takes from the front of `docids`, which all ascend or all descend, those of one block, at most `most`;
// batch.block becomes that block and batch.rows those of them that pass `predicate` (may be null), in the
// same order. Errors: corrupt when a docid has no row.
Result<void> fetch_some(std::span<const DocId>& docids, std::uint64_t most, SegmentReader& reader,
                        const Predicate* predicate, QueryCounters& counters, RowBatch& batch);

// Rows in any order, by docid: what a sort hands out. Neighbours in one block share a batch.
class FetchInOrder {
 public:
  FetchInOrder(SegmentReader& reader, Interrupt& interrupt)
      : reader_(reader), interrupt_(interrupt), gather_(reader, interrupt) {}
  // Fills `batch` from the front of `docids`; false when it is empty.
  Result<bool> next(std::span<const DocId>& docids, RowBatch& batch);

 private:
  SegmentReader& reader_;
  Interrupt& interrupt_;
  Gather gather_;
};

}  // namespace slate
