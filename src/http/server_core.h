// What a server's connections share. Private to the server.
#pragma once

#include <cstdint>
#include <memory>

#include "http/connection.h"
#include "http/server.h"
#include "net/allowance.h"
#include "net/connection_group.h"
#include "net/connection_limiter.h"

namespace slate::http {

using net::AliveGuard;
using net::Phase;

// What one request's body holds of the memory for all bodies, until the object goes. One thread at a time.
class BodyMemory {
 public:
  explicit BodyMemory(net::Allowance& all) : all_(all) {}
  ~BodyMemory() { all_.give_back(held_); }
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;

  // Errors: overloaded when all bodies together would hold too much.
  Result<void> take(std::uint64_t more);
  std::uint64_t held() const { return held_; }

 private:
  net::Allowance& all_;
  std::uint64_t held_ = 0;
};

struct ServerCore {
  ServerCore(ServerOptions chosen, Router routes, net::IoThreads& io_threads, net::BlockingPool& blocking);

  const ServerOptions options;
  const Router router;
  net::IoThreads& io;
  net::BlockingPool& pool;
  const std::shared_ptr<net::ConnectionGroup> group = std::make_shared<net::ConnectionGroup>();
  const std::shared_ptr<net::ConnectionLimiter> limiter;
  net::Allowance bodies;  // bytes that all connections hold
};

}  // namespace slate::http
