#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "http/message.h"
#include "http/router.h"
#include "net/blocking_pool.h"
#include "net/client_limiter.h"
#include "net/io_threads.h"
#include "net/tls_context.h"

namespace slate::http {

// One answered request, for metrics. The views last as long as the call.
struct Served {
  std::string_view route;   // its pattern; empty when no route matched, so that labels stay few
  std::string_view method;  // "OTHER" when unknown
  int status = 0;           // 499 when the client left before there was an answer
  double seconds = 0;       // from the first byte of the request to the last of the answer
  std::uint64_t bytes = 0;  // written, head included
};

struct ServerOptions {
  std::string address = "127.0.0.1";       // IPv4 or IPv6
  std::uint16_t port = 0;                  // 0: one that is free
  std::shared_ptr<net::TlsContext> tls{};  // null: plain
  std::size_t header_bytes = std::size_t{32} << 10;
  // As sent, and again when it is decoded.
  std::uint64_t body_bytes = std::uint64_t{64} << 20;
  // Bodies of all connections together, from the first byte to the answer; more is refused as overloaded.
  std::uint64_t total_body_bytes = std::uint64_t{1} << 30;
  // Under TLS, from the connection's opening to the end of the handshake.
  std::chrono::milliseconds handshake_timeout{10'000};
  // From the first byte of a request to the end of its header.
  std::chrono::milliseconds header_timeout{10'000};
  // Between requests, and between two pieces of a body.
  std::chrono::milliseconds idle_timeout{60'000};
  // And what a body must come at in the long run, once header_timeout and idle_timeout are over.
  std::uint64_t least_body_bytes_per_second = 1024;
  // How long the client may take nothing of an answer.
  std::chrono::milliseconds write_timeout{60'000};
  // More are answered 503. Each costs a file descriptor and, while it is idle, about 4 KiB; under TLS about
  // 30 KiB.
  std::size_t max_connections = 10'000;
  // Of one client's address: more connections or requests are answered 429.
  net::ClientLimits client{};
  // Between two answers on one connection to requests that were one too many: the later one waits, so that a
  // client that comes again at once costs no more than one that does as Retry-After says. A request that can
  // be served never waits for one that could not, as many clients of a gateway may share a connection.
  std::chrono::milliseconds refusal_interval{1'000};
  // Called once a request, from I/O threads at once: must not block.
  std::function<void(const Served&)> observer{};
};

// HTTP/1.1 on one port. Requests that are not HTTP, too large, too slow or without a route are answered here;
// handlers see whole requests. Writes one access line a request to the log: never header values or queries.
class Server {
 public:
  // Listens from the moment it returns. `io` and `pool` may serve other things too; both must outlive the
  // server. Errors: invalid_argument for an address that is none, failed_precondition for one that cannot be
  // listened on.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Router router, net::IoThreads& io,
                                               net::BlockingPool& pool);
  // stop() without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;

  // Stops listening and closes idle connections at once, lets running requests finish for at most `grace`,
  // then trips their stop tokens and cuts their connections. Returns when no handler or stream is being
  // called and none will be: a handler that ignores its token is waited for. Not from a handler or an I/O
  // thread; again: nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::http
