// What serves the connections of one server, so that all of it can be ended.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace slate::net {

enum class Phase : std::uint8_t { kServing, kFinishing, kEnded };

// A connection, as its group sees it. Safe from any thread: each call only hands its work to the connection's
// strand.
class GroupMember {
 public:
  virtual ~GroupMember() = default;
  virtual void close_when_idle() = 0;
  virtual void close_now() = 0;
};

// Nothing that serves is on its own: a server can ask all of it to end, insist, and wait. The group owns the
// connections from their opening until they close; one outlives that only as long as a callback refers to it.
// Safe from any thread.
class ConnectionGroup {
 public:
  // False when the server no longer serves: the connection must not start.
  bool add(std::shared_ptr<GroupMember> member);
  // The connection has closed.
  void release(const GroupMember* member);

  Phase phase() const { return phase_.load(std::memory_order_acquire); }
  std::size_t open() const;
  // Asks all members to close when idle, insists after the grace, and waits until no AliveGuard is left.
  void finish(std::chrono::milliseconds grace);

 private:
  friend class AliveGuard;
  void created();
  void destroyed();
  std::vector<std::shared_ptr<GroupMember>> members() const;

  std::atomic<Phase> phase_{Phase::kServing};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_map<const GroupMember*, std::shared_ptr<GroupMember>> members_;
  std::size_t alive_ = 0;
};

// First member of what runs for a server, on the event loop or on a pool: the group sees it go when
// everything else of it has.
class AliveGuard {
 public:
  explicit AliveGuard(std::shared_ptr<ConnectionGroup> group) : group_(std::move(group)) {
    group_->created();
  }
  AliveGuard(AliveGuard&&) noexcept = default;
  AliveGuard& operator=(AliveGuard&&) = delete;
  ~AliveGuard() {
    if (group_) group_->destroyed();
  }

 private:
  std::shared_ptr<ConnectionGroup> group_;
};

}  // namespace slate::net
