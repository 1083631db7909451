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

#include "server/peer.h"
#include "server/server.h"
#include "wire/answers.h"

namespace slate::server {

class RefreshHost;

enum class Phase : std::uint8_t { kServing, kFinishing, kEnded };

// Nothing that serves is on its own: a server can ask all of it to end, insist, and wait. The group owns the
// connections from their opening until they close. Safe from any thread.
class PeerGroup {
 public:
  // False when the server no longer serves: the connection must not start.
  bool add(std::shared_ptr<Peer> peer);
  void release(const Peer* peer);
  // Objects with callbacks on the event loop, and work on the pool.
  void created();
  void destroyed();

  Phase phase() const { return phase_.load(std::memory_order_acquire); }
  std::size_t open() const;
  // Asks all members to close when idle, insists after the grace, and waits until nothing is left.
  void finish(std::chrono::milliseconds grace);

 private:
  std::vector<std::shared_ptr<Peer>> members() const;

  std::atomic<Phase> phase_{Phase::kServing};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_map<const Peer*, std::shared_ptr<Peer>> members_;
  std::size_t alive_ = 0;
};

// First member of what runs for a server, on the event loop or on the pool: the group sees it go when
// everything else of it has.
class AliveGuard {
 public:
  explicit AliveGuard(std::shared_ptr<PeerGroup> group) : group_(std::move(group)) { group_->created(); }
  AliveGuard(AliveGuard&&) noexcept = default;
  AliveGuard& operator=(AliveGuard&&) = delete;
  ~AliveGuard() {
    if (group_) group_->destroyed();
  }

 private:
  std::shared_ptr<PeerGroup> group_;
};

struct ServerCounters {
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> broken = 0;
  std::atomic<std::uint64_t> bytes_received = 0;
  std::atomic<std::uint64_t> bytes_sent = 0;
  std::atomic<std::size_t> requests = 0;
  std::atomic<std::size_t> snapshots = 0;
  std::atomic<std::uint64_t> queued_bytes = 0;
  std::atomic<std::uint64_t> held_bytes = 0;
};

struct ServerCore {
  ServerOptions options;
  Database& database;
  net::IoThreads& io;
  net::BlockingPool& pool;
  std::string instance;  // of the database, as the next
  std::string scope_key;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::shared_ptr<PeerGroup> group = std::make_shared<PeerGroup>();
  std::shared_ptr<RefreshHost> refreshes{};  // set before anything is served; ended by Server::stop()
  ServerCounters counters{};
  std::atomic<ConnectionId> last_connection = 0;

  wire::ConnectionLimits limits() const;
  wire::ServerStatus status() const;
};

}  // namespace slate::server
