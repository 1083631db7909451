#include "server/held_snapshot.h"

#include <fmt/format.h>
#include <utility>

namespace slate::server {

Result<wire::Handle> HeldSnapshots::add(std::shared_ptr<HeldSnapshot> snapshot, TimePoint now) {
  if (held_.size() >= core_->options.snapshots)
    return fail(slate::Error(Reason::kQuotaExceeded,
                             fmt::format("{} snapshots are open on this connection", held_.size()))
                    .with_hint("close those that are not needed"));
  held_.emplace(++last_, Entry{std::move(snapshot), now});
  core_->counters.snapshots.fetch_add(1, std::memory_order_relaxed);
  return last_;
}

Result<std::shared_ptr<HeldSnapshot>> HeldSnapshots::find(wire::Handle handle, TimePoint now) {
  const auto found = held_.find(handle);
  if (found == held_.end())
    return fail(
        slate::Error(Reason::kNotFound, "the snapshot is not open on this connection, or not any more")
            .with_field("snapshot")
            .with_hint("one that nothing is asked of expires: open another"));
  found->second.used = now;
  return found->second.snapshot;
}

void HeldSnapshots::close(wire::Handle handle) {
  core_->counters.snapshots.fetch_sub(held_.erase(handle), std::memory_order_relaxed);
}

void HeldSnapshots::close_idle(TimePoint before) {
  const auto closed = std::erase_if(held_, [&](const auto& each) {
    return each.second.used < before && each.second.snapshot.use_count() == 1;
  });
  core_->counters.snapshots.fetch_sub(closed, std::memory_order_relaxed);
}

}  // namespace slate::server
