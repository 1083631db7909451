// Slate's TCP protocol on one port, in front of a database: docs/formats/wire.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/clock.h>
#include <slate/database.h>
#include <slate/error.h>

#include "net/blocking_pool.h"
#include "net/client_limiter.h"
#include "net/io_threads.h"
#include "net/tls_context.h"

namespace slate::server {

// One answered request, for metrics. The views last as long as the call.
struct Answered {
  std::string_view request;  // "run_query", ...; "unknown"
  std::string_view outcome;  // "ok", or the name of the error's reason
  double seconds = 0;        // from the arrival of its frame to its last answer
};

struct ServerStats {
  std::size_t connections = 0;  // open
  std::uint64_t accepted = 0;   // ever, as what follows
  std::uint64_t refused = 0;    // beyond the limits of connections
  std::uint64_t broken = 0;     // ended by an error of the protocol; TLS, hello and token included
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::size_t requests = 0;        // under way
  std::size_t snapshots = 0;       // open
  std::size_t refreshes = 0;       // under way
  std::uint64_t queued_bytes = 0;  // of answers that clients have not taken yet
  std::uint64_t held_bytes = 0;    // of requests that are being received or carried out
};

struct ServerOptions {
  std::string address = "127.0.0.1";       // IPv4 or IPv6
  std::uint16_t port = 0;                  // 0: one that is free
  std::shared_ptr<net::TlsContext> tls{};  // null: plain
  // Whether a client's token opens the door, in constant time: net::TokenFile. Empty: none is asked for.
  // Beyond loopback this or certificates of clients are required.
  std::function<bool(std::string_view)> accepts_token{};
  std::string version;  // told to clients
  const Clock* clock = &system_clock();

  // More are told so and closed. Each costs a file descriptor and, while it is idle, about 3 KiB; under TLS
  // about 30 KiB.
  std::size_t max_connections = 10'000;
  net::ClientLimits client{};  // of one address: connections
  std::uint32_t frame_bytes = 16u << 20;
  std::uint32_t write_frame_bytes = 16u << 20;               // of LoadRows and WriteBatch; at most 64 MiB
  std::uint64_t total_frame_bytes = std::uint64_t{1} << 30;  // of all connections together
  std::uint32_t requests = 256;                              // of one connection under way at once
  std::uint32_t snapshots = 64;                              // of one connection open at once
  std::uint64_t credit = 1u << 20;
  // Bytes that wait to be sent on one connection; its queries pause beyond it. It is less when little is left
  // of the memory for those of all connections, so that a client that takes its answers finds room. An answer
  // that finds none is overloaded instead.
  std::size_t backlog_bytes = 2u << 20;
  std::uint64_t total_backlog_bytes = std::uint64_t{256} << 20;

  std::chrono::milliseconds handshake_timeout{
      10'000};  // from the opening to the client's hello, TLS included
  // From the first bytes of a request to its last, on top of what it earns by coming steadily.
  std::chrono::milliseconds frame_timeout{60'000};
  std::uint64_t least_frame_bytes_per_second = 1024;
  std::chrono::milliseconds idle_timeout{300'000};  // nothing came, and nothing is under way
  std::chrono::milliseconds write_timeout{60'000};  // the client takes nothing
  std::chrono::milliseconds stall_timeout{60'000};  // a query was granted nothing
  std::chrono::milliseconds snapshot_idle{60'000};
  std::chrono::milliseconds lease{15'000};  // of a refresh, unless it asks for less
  // A query or count that would be short is answered on the thread that received it, within these; otherwise
  // it begins again on the pool.
  std::uint64_t inline_rows = 20'000;
  std::chrono::microseconds inline_time{2'000};

  // Called once a request, from several threads at once: must not block.
  std::function<void(const Answered&)> observer{};
};

class Server {
 public:
  // Listens from the moment it returns. Database, `io` and `pool` may serve others, too; all outlive the
  // server. Errors: invalid_argument for an address that is none, and for one beyond loopback with neither a
  // token nor mutual TLS; failed_precondition for one that cannot be listened on.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Database& database, net::IoThreads& io,
                                               net::BlockingPool& pool);
  // stop() without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  ServerStats stats() const;

  // Stops listening, closes what is idle at once, lets requests under way finish for at most `grace`, then
  // cancels them and cuts their connections. Returns when none of them runs. Not from an I/O thread; again:
  // nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::server
