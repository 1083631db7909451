#include "http/server_core.h"

#include <utility>

namespace slate::http {

Result<void> BodyMemory::take(std::uint64_t more) {
  if (!all_.take(more))
    return fail(Error(Reason::kOverloaded, "too many large requests are being received").with_retry_after(1));
  held_ += more;
  return {};
}

ServerCore::ServerCore(ServerOptions chosen, Router routes, net::IoThreads& io_threads,
                       net::BlockingPool& blocking)
    : options(std::move(chosen)),
      router(std::move(routes)),
      io(io_threads),
      pool(blocking),
      limiter(std::make_shared<net::ConnectionLimiter>(
          net::ConnectionLimits{.connections = options.max_connections, .client = options.client})),
      bodies(options.total_body_bytes) {}

}  // namespace slate::http
