#include "server/server_core.h"

#include <algorithm>
#include <chrono>

#include "server/refresh_host.h"

namespace slate::server {
namespace {

// However many take nothing, they stop before the memory is used up, and what is left is for those who do:
// each may hold so much of what nobody holds (dynamic thresholds of a shared buffer: Choudhury and Hahne,
// 1998).
constexpr std::uint64_t kShareOfRest = 8;

}  // namespace

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

std::uint64_t ServerCore::most_queued() const {
  return std::min<std::uint64_t>(options.backlog_bytes, queued.left() / kShareOfRest);
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
