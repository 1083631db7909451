#include "server/server_core.h"

#include <chrono>

#include "server/refresh_host.h"

namespace slate::server {

wire::ConnectionLimits ServerCore::limits() const {
  return {.frame_bytes = options.frame_bytes,
          .write_frame_bytes = options.write_frame_bytes,
          .requests = options.requests,
          .snapshots = options.snapshots,
          .snapshot_idle = options.snapshot_idle,
          .idle = options.idle_timeout,
          .lease = options.lease,
          .credit = options.credit};
}

wire::ServerStatus ServerCore::status() const {
  return {.server = options.version,
          .instance = instance,
          .uptime = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                          started),
          .connections = static_cast<std::uint32_t>(group->open()),
          .requests = static_cast<std::uint32_t>(counters.requests.load()),
          .snapshots = static_cast<std::uint32_t>(counters.snapshots.load()),
          .refreshes = static_cast<std::uint32_t>(refreshes->running())};
}

}  // namespace slate::server
