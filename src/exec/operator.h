// Batch operators: each pulls from the one below. Memory, unless said otherwise, is a batch.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <slate/error.h>

#include "exec/interrupt.h"
#include "exec/segments.h"

namespace slate {

// Rows of one block, in the order they come out. The block is valid until the operator's next call. Gathered
// rows are of no stored block: only the columns of the output are there, and no view.
struct RowBatch {
  ResolvedBlock* block = nullptr;
  std::uint32_t count = 0;
  std::array<std::uint16_t, kBlockMaxRows> rows;
  std::span<const DocId> gathered_docids{};  // of gathered rows, by their position

  void start(ResolvedBlock* new_block, std::span<const DocId> docids = {}) {
    block = new_block;
    count = 0;
    gathered_docids = docids;
  }
  DocId docid(std::uint16_t row) const {
    return gathered_docids.empty() ? block->first_docid() + row : gathered_docids[row];
  }
  void add(std::size_t row) { rows[count++] = static_cast<std::uint16_t>(row); }
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Fills `batch` with at least one row, or answers false at the end.
  virtual Result<bool> next(RowBatch& batch) = 0;
};

}  // namespace slate
