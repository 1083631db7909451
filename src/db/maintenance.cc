#include "db/maintenance.h"

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "base/try.h"
#include "db/writer.h"

namespace slate {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Segments of one step: some milliseconds of work under the write lock.
constexpr std::size_t kSegmentsAtOnce = 16;

bool has_ttl(const Schema& schema) {
  return std::ranges::any_of(schema.columns,
                             [](const Column& column) { return column.ttl_seconds.has_value(); });
}

// One step of building; false when every index of the datasource is whole.
Result<bool> build_step(CopyState& state, UnixMillis now) {
  const std::lock_guard lock(state.write_mutex());
  const auto current = state.current();
  if (current.live == nullptr || current.damage) return false;
  {
    // A look first: a write transaction would hold up writers for nothing.
    SLATE_TRY(auto txn, current.live->environment().begin_read());
    SLATE_TRY(const GenerationState stored, current.live->read_state(txn));
    if (std::ranges::all_of(stored.indexes,
                            [](const IndexProgress& each) { return each.indexed_until == kWhole; }))
      return false;
  }
  SLATE_TRY(auto writer, Writer::begin(*current.live, *current.schema, now));
  SLATE_TRY(const bool more, writer.build_indexes(kSegmentsAtOnce));
  SLATE_TRY(writer.commit());
  return more;
}

Result<std::optional<std::uint64_t>> sweep_step(CopyState& state, std::uint64_t after, UnixMillis now) {
  const std::lock_guard lock(state.write_mutex());
  const auto current = state.current();
  if (current.live == nullptr || current.damage || !has_ttl(*current.schema)) return std::nullopt;
  SLATE_TRY(auto writer, Writer::begin(*current.live, *current.schema, now));
  SLATE_TRY(const auto next, writer.sweep(after, kSegmentsAtOnce));
  if (writer.has_swept()) SLATE_TRY(writer.commit());
  return next;
}

SteadyTime after(std::chrono::milliseconds interval) {
  if (interval.count() == 0) return SteadyTime::max();
  return std::chrono::steady_clock::now() + interval;
}

}  // namespace

Maintenance::Maintenance(const DatabaseOptions& options,
                         std::function<std::vector<std::shared_ptr<CopyState>>()> copies)
    : options_(options),
      copies_(std::move(copies)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Maintenance::~Maintenance() {
  thread_.request_stop();
  changed_.notify_all();
}

void Maintenance::wake() {
  const std::lock_guard lock(mutex_);
  work_ = true;
  changed_.notify_all();
}

void Maintenance::run(const std::stop_token& stop) {
  SteadyTime next_sync = after(options_.background_sync);
  SteadyTime next_sweep = after(options_.sweep_interval);
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      const SteadyTime wake_at = std::min(next_sync, next_sweep);
      const auto woken = [&] { return work_; };
      if (wake_at == SteadyTime::max())
        changed_.wait(lock, stop, woken);
      else
        changed_.wait_until(lock, stop, wake_at, woken);
      work_ = false;
    }
    if (stop.stop_requested()) return;
    if (build_some(stop)) wake();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= next_sync) {
      sync_all();
      next_sync = after(options_.background_sync);
    }
    if (now >= next_sweep) {
      sweep_all(stop);
      next_sweep = after(options_.sweep_interval);
    }
  }
}

bool Maintenance::build_some(const std::stop_token& stop) {
  bool more = false;
  for (const auto& state : copies_()) {
    if (stop.stop_requested()) return false;
    const auto step = build_step(*state, options_.clock->now());
    if (!step) {
      log::error("building an index failed", {{"error", step.error().to_string()}});
      continue;
    }
    more |= *step;
  }
  return more;
}

void Maintenance::sync_all() {
  for (const auto& state : copies_()) {
    const auto current = state->current();
    if (current.live == nullptr || current.schema->datasource.effective_durability() == Durability::kSync)
      continue;
    if (const auto synced = current.live->environment().sync_if_changed(); !synced)
      log::error("syncing failed", {{"error", synced.error().to_string()}});
  }
}

void Maintenance::sweep_all(const std::stop_token& stop) {
  for (const auto& state : copies_()) {
    std::optional<std::uint64_t> from = 0;
    while (from && !stop.stop_requested()) {
      auto step = sweep_step(*state, *from, options_.clock->now());
      if (!step) {
        log::error("sweeping failed", {{"error", step.error().to_string()}});
        break;
      }
      from = *step;
    }
  }
}

}  // namespace slate
