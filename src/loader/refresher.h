// Runs loads: one at a time for each datasource, however many requests wait for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <slate/clock.h>
#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/generation_builder.h>
#include <slate/snapshot.h>

#include "loader/load_failure.h"
#include "loader/loader_client.h"
#include "loader/refresh_policy.h"
#include "model/load.h"

namespace slate {

// Where loads go: a Database, seen from here. Called from the refresher's threads.
class RefreshTarget {
 public:
  virtual ~RefreshTarget() = default;
  // What is live now.
  virtual Result<SnapshotInfo> live(std::string_view datasource) = 0;
  virtual Result<std::unique_ptr<GenerationBuilder>> begin(std::string_view datasource, LoadMode mode) = 0;
};

// Names one refresh, for its whole life; unique in this process and hard to guess from another process.
using LoadId = std::string;

struct LoadStatus {
  LoadId id;
  std::string datasource;
  LoadState state = LoadState::kRunning;
  std::uint64_t rows = 0;        // received so far
  std::uint64_t bytes = 0;       // received so far, as messages
  std::uint64_t duplicates = 0;  // rows that a later one of the same id replaced; known at the end
  double rows_per_second = 0;
  std::chrono::milliseconds elapsed{0};
  UnixMillis started_at = 0;
  std::optional<UnixMillis> finished_at;
  std::uint64_t generation = 0;        // kSucceeded: the one that went live
  std::uint32_t calls = 0;             // of the loader: more than one when callers' credentials were refused
  std::optional<Error> error;          // kFailed
  std::optional<FailureKind> failure;  // kFailed
};

struct RefreshRequest {
  LoadMetadata metadata;  // the caller's forwarded headers
  RequestContext context;
  Trigger trigger = Trigger::kOnDemand;
  std::uint64_t seen_generation = 0;  // of the snapshot that the caller judged
  // When the caller stops waiting. Absent: waits until the end.
  std::optional<std::chrono::steady_clock::time_point> give_up;
};

// Called with the final status, or with a running one when the caller's time was up. Must not block.
using LoadDone = std::move_only_function<void(const LoadStatus&)>;

struct RefresherOptions {
  const Clock* clock = &system_clock();  // must outlive the refresher
  std::function<double()> random;        // [0, 1), any thread; absent: a generator of its own
  std::size_t max_running = 8;           // loads at once; others queue
  std::size_t remembered_loads = 1'000;  // finished ones that status() still knows
  std::chrono::milliseconds connect_timeout{5'000};
};

// A refresh belongs to no caller: one that leaves or gives up cancels nothing. When the loader refuses the
// credentials of the caller that it runs for, that caller (and any with the same metadata) gets the refusal
// and the next one's metadata is tried, so that nobody is answered for somebody else's token. Every call is
// safe from any thread, and from within a LoadDone.
class Refresher {
 public:
  // `target` must outlive the refresher.
  Refresher(RefreshTarget& target, RefresherOptions options);
  // shutdown().
  ~Refresher();
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  // What a request for this datasource gets now. Without a loader: fresh. O(1); without a lock while fresh.
  FreshnessDecision decide(const Datasource& datasource, std::optional<UnixMillis> loaded_at) const;

  // Joins the refresh of this datasource that runs, or starts one, as the datasource is declared now.
  // REQUIRES: datasource.loader. `done` (may be empty) is called exactly once, on another thread; after
  // shutdown() at once, with kFailed.
  LoadId refresh(const Datasource& datasource, RefreshRequest request, LoadDone done);

  // A running load, or one of the last that finished.
  std::optional<LoadStatus> status(std::string_view load) const;
  // The running or queued load of a datasource.
  std::optional<LoadStatus> current(std::string_view datasource) const;
  // The running one, or else the last that finished.
  std::optional<LoadStatus> latest(std::string_view datasource) const;

  // Forgets failures and loads of a datasource that was dropped.
  void forget(std::string_view datasource);

  // Cancels what runs, answers every waiter with `unavailable`, and joins the threads. Later calls do
  // nothing. Not from within a LoadDone.
  void shutdown();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate
