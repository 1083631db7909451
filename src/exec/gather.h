// Rows that lie far apart, copied into dense columns in the order wanted.
//
// A sort's rows, taken in their order, come each from another block: every cell is a miss of the processor's
// caches, and every batch has a row. Gathering takes many such rows at a time, visits their blocks once each,
// in the order of the store, and puts the cells where their rows come out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <slate/error.h>

#include "exec/gathered_column.h"
#include "exec/operator.h"
#include "exec/predicate.h"
#include "exec/segments.h"

namespace slate {

// Fewer rows than these are fetched one after the other.
inline constexpr std::size_t kGatherRows = 2048;

// Takes out the docids whose rows do not satisfy `predicate`; the others keep their order. Reads only the
// columns of the predicate. Errors: corrupt when a docid has no row; those of Interrupt.
Result<void> keep_matching(std::vector<DocId>& docids, const Predicate& predicate, SegmentReader& reader,
                           Interrupt& interrupt);

// Positions in a list of docids, put in the order of the store as far as blocks go.
class BlockOrder {
 public:
  // The list must stay as it is.
  void start(std::span<const DocId> docids, std::uint32_t segment_rows);
  // Positions whose docids lie in the next block, or in one of a few neighbours; empty at the end.
  std::span<const std::uint32_t> next();

 private:
  std::vector<std::uint32_t> positions_;
  std::vector<std::uint32_t> ends_;  // of the parts of positions_, one for each stretch of docids
  std::size_t part_ = 0;
};

// One thread at a time.
class Gather {
 public:
  // The references outlive it.
  Gather(SegmentReader& reader, Interrupt& interrupt);

  // Whether gathering gains anything: not when only few rows fit, so wide are they.
  bool is_useful() const { return most_rows_ >= kFewestRows; }
  // Gathers the first of `docids`, and takes them off: as many as are worth it and fit, one at least.
  // REQUIRES: next() has answered false. Errors: corrupt when a docid has no row; those of Interrupt.
  Result<void> take(std::span<const DocId>& docids);
  // Fills `batch` with gathered rows; false when none is left. The batch is valid until take().
  bool next(RowBatch& batch);

 private:
  static constexpr std::size_t kFewestRows = 1024;
  std::size_t window(std::span<const DocId> docids) const;
  // False when their texts are too long.
  Result<bool> fill(std::span<const DocId> docids);
  Result<std::size_t> add_block(std::span<const DocId> docids, std::span<const std::uint32_t> places);
  std::size_t text_bytes() const;

  SegmentReader& reader_;
  Interrupt& interrupt_;
  std::size_t most_rows_;
  std::vector<GatheredColumn> columns_;
  std::vector<DocId> docids_;  // gathered
  std::size_t at_ = 0;         // those before it have come out
  BlockOrder order_;
  std::vector<std::uint16_t> picked_rows_;
  std::vector<ColumnView> views_;
  ResolvedBlock block_;  // what the batches show
};

}  // namespace slate
