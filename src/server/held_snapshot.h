// The snapshots that a connection has open. Private to the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>

#include <slate/database.h>

#include "server/lane.h"
#include "server/server_core.h"
#include "wire/requests.h"

namespace slate::server {

// A snapshot is read by one thread at a time: whoever has its lane.
class HeldSnapshot {
 public:
  static Result<std::shared_ptr<HeldSnapshot>> open(ServerCore& core, CopyRef copy) {
    auto snapshot = core.database.snapshot(copy);
    if (!snapshot) return fail(std::move(snapshot).error());
    return std::make_shared<HeldSnapshot>(core, *std::move(snapshot));
  }
  HeldSnapshot(ServerCore& core, std::unique_ptr<Snapshot> snapshot)
      : alive_(core.group), lane_(std::make_shared<Lane>(core.pool)), snapshot_(std::move(snapshot)) {}

  Snapshot& snapshot() { return *snapshot_; }
  Lane& lane() { return *lane_; }

 private:
  AliveGuard alive_;
  const std::shared_ptr<Lane> lane_;
  const std::unique_ptr<Snapshot> snapshot_;
};

// By their handles. One thread at a time: the connection's strand.
class HeldSnapshots {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit HeldSnapshots(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}
  ~HeldSnapshots() { core_->counters.snapshots.fetch_sub(held_.size(), std::memory_order_relaxed); }
  HeldSnapshots(const HeldSnapshots&) = delete;
  HeldSnapshots& operator=(const HeldSnapshots&) = delete;

  // quota_exceeded when too many are open.
  Result<wire::Handle> add(std::shared_ptr<HeldSnapshot> snapshot, TimePoint now);
  // not_found: closed, expired, or another connection's.
  Result<std::shared_ptr<HeldSnapshot>> find(wire::Handle handle, TimePoint now);
  // What is done with it goes on; nothing when it is not there.
  void close(wire::Handle handle);
  // Closes those that were not asked for since `before`, unless they are being read.
  void close_idle(TimePoint before);
  std::size_t size() const { return held_.size(); }

 private:
  struct Entry {
    std::shared_ptr<HeldSnapshot> snapshot;
    TimePoint used;
  };
  const std::shared_ptr<ServerCore> core_;
  std::map<wire::Handle, Entry> held_;
  wire::Handle last_ = 0;
};

}  // namespace slate::server
