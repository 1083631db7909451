#include <chrono>

#include <slate/options.h>

#include "exec/operator.h"

namespace slate {

Interrupt::Interrupt(const QueryOptions& options) : options_(options) {}

Result<void> Interrupt::check() {
  if (options_.stop.stop_requested()) return fail(Reason::kCancelled, "the query was cancelled");
  // Reading the clock costs as much as a small block: every eighth time is often enough.
  if (options_.deadline && calls_++ % 8 == 0 && std::chrono::steady_clock::now() >= *options_.deadline)
    return fail(Reason::kDeadlineExceeded, "the query's deadline passed");
  return {};
}

}  // namespace slate
