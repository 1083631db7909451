// One refresh while it is queued or runs, and how it looks from outside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <slate/clock.h>
#include <slate/datasource.h>

#include "loader/deadline_thread.h"
#include "loader/loader_client.h"
#include "loader/refresher.h"

namespace slate {

struct Waiter {
  RefreshRequest request;
  LoadDone done;  // empty: nobody is to be called, but the metadata may be tried
  std::optional<DeadlineThread::Ticket> ticket;
};

// `waiters` are guarded by the refresher's mutex; the rest is constant or atomic.
struct Flight {
  Flight(LoadId name, Datasource source, std::string of_scope, UnixMillis now)
      : id(std::move(name)), datasource(std::move(source)), scope(std::move(of_scope)), started_at(now) {}

  CopyRef copy() const { return {std::string_view(datasource.id), scope}; }

  const LoadId id;
  const Datasource datasource;  // as it was declared when the refresh was asked for
  const std::string scope;
  const UnixMillis started_at;
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  LoadProgress progress;
  std::stop_source stop;
  std::map<std::uint64_t, Waiter> waiters;  // in the order of arrival
  std::size_t silent_waiters = 0;           // of them, with nobody to call
};

LoadStatus running_status(const Flight& flight);
LoadStatus failed_status(LoadStatus status, const LoadFailure& failure, UnixMillis now);
LoadStatus succeeded_status(LoadStatus status, std::uint64_t generation, std::uint64_t duplicates,
                            UnixMillis now);

}  // namespace slate
