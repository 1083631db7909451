// Runs loads: one at a time for each copy of a datasource, however many requests and processes wait for it.
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
#include <slate/copy_ref.h>
#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/load.h>

#include "loader/load_status.h"
#include "loader/loader_client.h"
#include "loader/refresh_policy.h"
#include "loader/refresh_target.h"

namespace slate {

struct RefreshRequest {
  std::string scope;      // of the caller; empty where all callers share one copy
  LoadMetadata metadata;  // the caller's forwarded headers
  RequestContext context;
  Trigger trigger = Trigger::kOnDemand;
  std::uint64_t seen_generation = 0;           // of the snapshot that the caller judged
  std::optional<UnixMillis> seen_loaded_at{};  // the same
  // When the caller stops waiting. Absent: waits until the end.
  std::optional<std::chrono::steady_clock::time_point> give_up;
};

// Called with the final status, or with a running one when the caller's time was up. Must not block.
using LoadDone = std::move_only_function<void(const LoadStatus&)>;

enum class AttemptEnd : std::uint8_t { kPublished, kGivenUp };

// One call of a loader: a load makes several when callers' credentials are refused.
struct EndedAttempt {
  std::string datasource;
  AttemptEnd end = AttemptEnd::kGivenUp;
  std::uint64_t rows = 0;  // kPublished: of the new generation
};

struct RefresherOptions {
  const Clock* clock = &system_clock();  // must outlive the refresher
  std::function<double()> random;        // [0, 1), any thread; absent: a generator of its own
  // Loads at once, those included that wait for another process' load of the same copy; others queue.
  std::size_t max_running = 8;
  // Finished loads that status() still knows. What is remembered of a scope goes with its last one.
  std::size_t remembered_loads = 1'000;
  std::chrono::milliseconds connect_timeout{5'000};
  // Called from any of the refresher's threads: must not block, nor call the refresher. Each load that
  // another process did not run, with its final status, before any LoadDone; each call of a loader.
  std::function<void(const LoadStatus&)> observer{};
  std::function<void(const EndedAttempt&)> attempt_observer{};
};

// Of this moment.
struct RefresherStats {
  std::size_t running = 0;
  std::size_t queued = 0;
};

// Which process runs a load, and when all of them back off, is the target's to say; who waits here gets the
// result all the same. A refresh belongs to no caller: one that leaves or gives up cancels nothing. When the
// loader refuses the credentials of the caller that it runs for, that caller (and any with the same metadata)
// gets the refusal and the next one's metadata is tried, so that nobody is answered for somebody else's
// token. Every call is safe from any thread, and from within a LoadDone.
class Refresher {
 public:
  // `target` must outlive the refresher.
  Refresher(RefreshTarget& target, RefresherOptions options);
  // shutdown().
  ~Refresher();
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  // What a request for this datasource and scope gets now. Without a loader: fresh. O(log n); without a lock
  // while fresh.
  FreshnessDecision decide(const Datasource& datasource, std::string_view scope,
                           std::optional<UnixMillis> loaded_at) const;

  // Joins the refresh of this datasource and scope that runs, or starts one, as the datasource is declared
  // now. REQUIRES: datasource.loader. `done` (may be empty) is called exactly once, on another thread; after
  // shutdown() at once, with kFailed.
  LoadId refresh(const Datasource& datasource, RefreshRequest request, LoadDone done);

  // A running load, or one of the last that finished, here or, as the target knows it, in another process.
  // Errors: not_found; those of the target, which is asked for what is not known here.
  Result<LoadStatus> status(std::string_view load) const;
  // The running or queued load of a copy, in this process.
  std::optional<LoadStatus> current(CopyRef copy) const;
  // Of all copies of a datasource, in this process: a running one, or else the last that finished.
  std::optional<LoadStatus> latest(std::string_view datasource) const;

  RefresherStats stats() const;

  // Forgets failures and loads of a datasource that was dropped, of all its copies.
  void forget(std::string_view datasource);

  // Cancels what runs, answers every waiter with `unavailable`, and joins the threads. Later calls do
  // nothing. Not from within a LoadDone.
  void shutdown();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate
