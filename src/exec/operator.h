// Batch operators: each pulls from the one below. Memory, unless said otherwise, is a batch.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <slate/error.h>
#include <slate/options.h>

#include "exec/segments.h"

namespace slate {

// Rows of one block, in the order they come out. The block is valid until the operator's next call.
struct RowBatch {
  ResolvedBlock* block = nullptr;
  std::uint32_t count = 0;
  std::array<std::uint16_t, kBlockMaxRows> rows;

  void clear() {
    block = nullptr;
    count = 0;
  }
  void add(std::size_t row) { rows[count++] = static_cast<std::uint16_t>(row); }
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Fills `batch` with at least one row, or answers false at the end.
  virtual Result<bool> next(RowBatch& batch) = 0;
};

// Deadline, cancellation and the limit of rows, asked between blocks.
class Interrupt {
 public:
  // The references outlive it.
  Interrupt(const QueryOptions& options, const QueryCounters& counters)
      : options_(options), counters_(counters) {}
  // Errors: cancelled, deadline_exceeded, quota_exceeded.
  Result<void> check();

 private:
  const QueryOptions& options_;
  const QueryCounters& counters_;
  std::uint32_t calls_ = 0;
};

}  // namespace slate
