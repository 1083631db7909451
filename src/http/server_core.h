// What a server's connections share. Private to the server.
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

#include "http/connection.h"
#include "http/server.h"

namespace slate::http {

enum class Phase : std::uint8_t { kServing, kFinishing, kEnded };

// Nothing that serves is on its own: a server can ask all of it to end, insist, and wait. The group owns the
// connections from their opening until they close; one outlives that only as long as a callback refers to it.
// Safe from any thread.
class ConnectionGroup {
 public:
  // False when the server no longer serves: the connection must not start.
  bool add(std::shared_ptr<Connection> connection);
  // The connection has closed.
  void release(const Connection* connection);

  // Objects with callbacks on the event loop, members or not.
  void created();
  void destroyed();
  // Calls into handlers and streams.
  void call_begins();
  void call_ends();

  Phase phase() const { return phase_.load(std::memory_order_acquire); }
  std::size_t open() const;
  // Asks all members to close when idle, insists after the grace, and waits until no object and no call is
  // left.
  void finish(std::chrono::milliseconds grace);

 private:
  std::vector<std::shared_ptr<Connection>> members() const;

  std::atomic<Phase> phase_{Phase::kServing};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> members_;
  std::size_t alive_ = 0;
  std::size_t calls_ = 0;
};

// First member of what runs on the event loop for a server: the group sees it go when everything else of it
// has.
class AliveGuard {
 public:
  explicit AliveGuard(std::shared_ptr<ConnectionGroup> group) : group_(std::move(group)) {
    group_->created();
  }
  AliveGuard(const AliveGuard&) = delete;
  AliveGuard& operator=(const AliveGuard&) = delete;
  ~AliveGuard() { group_->destroyed(); }

 private:
  std::shared_ptr<ConnectionGroup> group_;
};

// Counts one call for as long as it lives.
class CallGuard {
 public:
  explicit CallGuard(std::shared_ptr<ConnectionGroup> group) : group_(std::move(group)) {
    group_->call_begins();
  }
  CallGuard(CallGuard&&) noexcept = default;
  CallGuard& operator=(CallGuard&&) = delete;
  ~CallGuard() {
    if (group_) group_->call_ends();
  }

 private:
  std::shared_ptr<ConnectionGroup> group_;
};

struct ServerCore {
  ServerOptions options;
  Router router;
  net::IoThreads& io;
  net::BlockingPool& pool;
  std::shared_ptr<ConnectionGroup> group = std::make_shared<ConnectionGroup>();
  std::atomic<std::uint64_t> body_bytes = 0;  // held by all connections
};

}  // namespace slate::http
