#include "loader/flight.h"

#include <utility>

namespace slate {

LoadStatus running_status(const Flight& flight) {
  LoadStatus status;
  status.id = flight.id;
  status.datasource = flight.datasource.id;
  status.scope = flight.scope;
  const LoadCounts counts = flight.progress.counts();
  status.rows = counts.rows;
  status.bytes = counts.bytes;
  status.calls = counts.calls;
  status.started_at = flight.started_at;
  const auto elapsed = std::chrono::steady_clock::now() - flight.started;
  status.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  if (seconds > 0) status.rows_per_second = static_cast<double>(status.rows) / seconds;
  return status;
}

LoadStatus failed_status(LoadStatus status, const LoadFailure& failure, UnixMillis now) {
  status.state = LoadState::kFailed;
  status.finished_at = now;
  status.error = failure.error;
  status.failure = failure.kind;
  return status;
}

LoadStatus succeeded_status(LoadStatus status, std::uint64_t generation, std::uint64_t duplicates,
                            UnixMillis now) {
  status.state = LoadState::kSucceeded;
  status.finished_at = now;
  status.generation = generation;
  status.duplicates = duplicates;
  return status;
}

}  // namespace slate
