// What a server's connections share. Private to the server.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "http/server.h"
#include "net/client_limiter.h"

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

// A number that many threads take from and give back to, up to a limit.
class Allowance {
 public:
  explicit Allowance(std::uint64_t limit) : limit_(limit) {}
  // All of it or nothing.
  bool take(std::uint64_t amount);
  void give_back(std::uint64_t amount) { taken_.fetch_sub(amount, std::memory_order_relaxed); }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> taken_ = 0;
};

// What one request's body holds of the memory for all bodies, until the object goes. One thread at a time.
class BodyMemory {
 public:
  explicit BodyMemory(Allowance& all) : all_(all) {}
  ~BodyMemory() { all_.give_back(held_); }
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;

  // Errors: overloaded when all bodies together would hold too much.
  Result<void> take(std::uint64_t more);
  std::uint64_t held() const { return held_; }

 private:
  Allowance& all_;
  std::uint64_t held_ = 0;
};

struct ServerCore {
  ServerCore(ServerOptions chosen, Router routes, net::IoThreads& io_threads, net::BlockingPool& blocking);

  const ServerOptions options;
  const Router router;
  net::IoThreads& io;
  net::BlockingPool& pool;
  const std::shared_ptr<ConnectionGroup> group = std::make_shared<ConnectionGroup>();
  Allowance bodies;    // bytes that all connections hold
  Allowance serving;   // connections
  Allowance refusing;  // connections that are told why they are not served
  net::ClientLimiter clients;
};

// A connection's place among those of the server and of its client, until the object goes.
class Admission {
 public:
  // With a refusal when there is no place. Absent when even those who are refused are too many.
  static std::optional<Admission> ask(ServerCore& core, const net::ClientAddress& client);
  Admission(Admission&& other) noexcept;
  Admission& operator=(Admission&&) = delete;
  ~Admission();

  const net::ClientAddress& client() const { return client_; }
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  Admission(ServerCore& core, const net::ClientAddress& client) : core_(&core), client_(client) {}

  ServerCore* core_;  // null: moved from
  net::ClientAddress client_;
  std::optional<Error> refusal_;
};

}  // namespace slate::http
