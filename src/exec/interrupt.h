// What may end a query before its time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <slate/error.h>
#include <slate/explain.h>
#include <slate/options.h>

#include "base/try.h"

namespace slate {

// Asked between blocks, and wherever work goes on without any. One thread at a time.
class Interrupt {
 public:
  virtual ~Interrupt() = default;
  // An error when the query is to end.
  virtual Result<void> check() = 0;
};

// Deadline, cancellation and the limit of rows.
class QueryInterrupt final : public Interrupt {
 public:
  // The references outlive it.
  QueryInterrupt(const QueryOptions& options, const QueryCounters& counters)
      : options_(options), counters_(counters) {}
  // Errors: cancelled, deadline_exceeded, quota_exceeded.
  Result<void> check() override;

 private:
  const QueryOptions& options_;
  const QueryCounters& counters_;
  std::uint32_t calls_ = 0;
};

// Asks an interrupt once in so many rows: for loops whose steps are too small to ask in each. So many rows
// are handled in a few milliseconds, whatever is done with them.
class Pacer {
 public:
  static constexpr std::size_t kRowsBetweenChecks = 16 * 1024;

  // Null asks nothing. The interrupt outlives it.
  explicit Pacer(Interrupt* interrupt) : interrupt_(interrupt) {}
  // `rows` more are done, or about to be: at most kRowsBetweenChecks.
  Result<void> passed(std::size_t rows) {
    rows_ += rows;
    if (rows_ < kRowsBetweenChecks) return {};
    rows_ = 0;
    return interrupt_ != nullptr ? interrupt_->check() : Result<void>();
  }
  // Calls visit(piece) for pieces of `rows`, one after the other.
  template <typename Row, typename Visit>
  Result<void> in_pieces(std::span<Row> rows, Visit&& visit) {
    while (!rows.empty()) {
      const auto piece = rows.first(std::min(rows.size(), kRowsBetweenChecks));
      SLATE_TRY(passed(piece.size()));
      visit(piece);
      rows = rows.subspan(piece.size());
    }
    return {};
  }

 private:
  Interrupt* interrupt_;
  std::size_t rows_ = 0;
};

}  // namespace slate
