// One call of a user's loader.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/load.h>
#include <slate/record.h>

#include "loader/load_failure.h"

namespace slate {

// What LoadRequest.metadata carries: the forwarded request headers, by the names of `forwardHeaders`. Secret:
// never logged, never part of an error.
using LoadMetadata = std::map<std::string, std::string>;

// What ties a load to the request that caused it; all that is sent as gRPC metadata. Empty members, and those
// that gRPC cannot carry, are not sent.
struct RequestContext {
  std::string traceparent;  // W3C Trace Context
  std::string request_id;   // sent as x-request-id
};

struct LoadTimeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds idle{60'000};  // between two messages
  std::chrono::milliseconds whole{1'800'000};
};
// The configured ones, with the default for connecting.
LoadTimeouts timeouts_of(const LoaderConfig& config);

struct LoadCall {
  const Datasource& datasource;  // REQUIRES: datasource.loader
  const LoadMetadata& metadata;
  RequestContext context = {};
  LoadTimeouts timeouts = {};
};

// Grows while the load runs; readable from any thread.
struct LoadProgress {
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> bytes{0};  // of messages, as they came over the wire
  std::atomic<std::uint32_t> calls{0};  // of the loader; not counted by run_load()

  LoadCounts counts() const {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return {.rows = rows.load(kRelaxed), .bytes = bytes.load(kRelaxed), .calls = calls.load(kRelaxed)};
  }
  void set(const LoadCounts& counts) {
    rows.store(counts.rows, std::memory_order_relaxed);
    bytes.store(counts.bytes, std::memory_order_relaxed);
    calls.store(counts.calls, std::memory_order_relaxed);
  }
};

struct LoadSummary {
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> announced_rows;  // trailing metadata `slate-row-count`
};

// Takes one row, which is valid during the call only.
using RowConsumer =
    std::function<std::expected<void, LoadFailure>(std::string_view id, std::span<const CellRef> cells)>;

// Calls the loader and hands each row to `consume`, in this thread; the next message is read when it has
// returned, so a slow consumer holds the loader back. Each call has a connection of its own: no back-off or
// address of an earlier one is remembered. Blocks until the stream has ended; `stop` cancels it from any
// thread. A message is at most 17 MiB. Errors: failure_of_status() of what the loader answered, its message
// without the values of `metadata`; loader_failed for a bad row; loader_unavailable or loader_timeout for the
// timeouts; invalid_argument for metadata that is not UTF-8; what `consume` returned.
std::expected<LoadSummary, LoadFailure> run_load(const LoadCall& call, const RowConsumer& consume,
                                                 LoadProgress& progress, std::stop_token stop);

}  // namespace slate
