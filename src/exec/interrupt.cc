#include "exec/interrupt.h"

#include <chrono>
#include <fmt/format.h>

namespace slate {

Result<void> QueryInterrupt::check() {
  if (options_.stop.stop_requested()) return fail(Reason::kCancelled, "the query was cancelled");
  // Reading the clock costs as much as a small block: every fourth time is often enough.
  if (options_.deadline && calls_++ % 4 == 0 && std::chrono::steady_clock::now() >= *options_.deadline)
    return fail(Reason::kDeadlineExceeded, "the query's deadline passed");
  if (options_.max_rows_examined && counters_.rows_examined > *options_.max_rows_examined)
    return fail(
        Error(Reason::kQuotaExceeded, fmt::format("the query looked at more than the {} rows that it may",
                                                  *options_.max_rows_examined))
            .with_field("max_rows_examined")
            .with_hint("narrow the filter, or index the fields that it filters and sorts by"));
  return {};
}

}  // namespace slate
