#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <slate/error.h>

#include "net/connection_group.h"
#include "net/connection_limiter.h"
#include "net/io_threads.h"

namespace slate::net {

// Accepts the connections of one port, on the event loop. What of it still runs there belongs to the group,
// which waits for it. One thread at a time.
class Listener {
 public:
  // Takes over a connected, non-blocking socket, which is to be served or, where the permit has a refusal, to
  // be told so. Called on the loop, one call at a time: must not block.
  using OnConnection = std::function<void(int socket, ConnectionPermit permit)>;

  // Binds: clients can connect from now on, and wait until start(). `address` is IPv4 or IPv6; port 0 takes
  // one that is free. Errors: invalid_argument for an address that is none, failed_precondition for one that
  // cannot be listened on.
  static Result<std::unique_ptr<Listener>> open(const std::string& address, std::uint16_t port, IoThreads& io,
                                                std::shared_ptr<ConnectionGroup> group);
  // close().
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;
  bool is_loopback() const;

  // Once. `on_connection` goes when the last callback has, which the group waits for.
  void start(std::shared_ptr<ConnectionLimiter> limiter, OnConnection on_connection);
  // Accepts no more, soon. Again: nothing.
  void close();

 private:
  struct Impl;
  explicit Listener(std::shared_ptr<Impl> impl);
  const std::shared_ptr<Impl> impl_;
};

}  // namespace slate::net
