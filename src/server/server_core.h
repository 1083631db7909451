// What a server's connections share. Private to the server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/allowance.h"
#include "net/connection_group.h"
#include "net/connection_limiter.h"
#include "server/peer.h"
#include "server/server.h"
#include "wire/answers.h"

namespace slate::server {

class RefreshHost;

using net::AliveGuard;
using net::Phase;

struct ServerCounters {
  std::atomic<std::uint64_t> broken = 0;
  std::atomic<std::uint64_t> bytes_received = 0;
  std::atomic<std::uint64_t> bytes_sent = 0;
  std::atomic<std::size_t> requests = 0;
  std::atomic<std::size_t> snapshots = 0;
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
  std::shared_ptr<net::ConnectionGroup> group = std::make_shared<net::ConnectionGroup>();
  std::shared_ptr<net::ConnectionLimiter> limiter = std::make_shared<net::ConnectionLimiter>(
      net::ConnectionLimits{.connections = options.max_connections, .client = options.client});
  std::shared_ptr<RefreshHost> refreshes{};  // set before anything is served; ended by Server::stop()
  ServerCounters counters{};
  net::Allowance queued{options.total_backlog_bytes};  // bytes of answers that clients have not taken yet
  std::atomic<ConnectionId> last_connection = 0;

  wire::ConnectionLimits limits() const;
  // What may be queued on one connection, as things are.
  std::uint64_t most_queued() const;
  wire::ServerStatus status() const;
};

}  // namespace slate::server
