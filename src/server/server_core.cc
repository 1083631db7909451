#include "server/server_core.h"

#include <utility>

#include "server/refresh_host.h"

namespace slate::server {

bool PeerGroup::add(std::shared_ptr<Peer> peer) {
  const std::scoped_lock lock(mutex_);
  if (phase() != Phase::kServing) return false;
  const Peer* key = peer.get();
  members_.emplace(key, std::move(peer));
  return true;
}

void PeerGroup::release(const Peer* peer) {
  std::shared_ptr<Peer> last;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  if (auto node = members_.extract(peer)) last = std::move(node.mapped());
}

void PeerGroup::created() {
  const std::scoped_lock lock(mutex_);
  ++alive_;
}

void PeerGroup::destroyed() {
  const std::scoped_lock lock(mutex_);
  if (--alive_ == 0) changed_.notify_all();
}

std::size_t PeerGroup::open() const {
  const std::scoped_lock lock(mutex_);
  return members_.size();
}

void PeerGroup::finish(std::chrono::milliseconds grace) {
  phase_.store(Phase::kFinishing, std::memory_order_release);
  for (const auto& peer : members()) peer->close_when_idle();
  const auto all_gone = [this] { return alive_ == 0; };
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, all_gone);
  }
  phase_.store(Phase::kEnded, std::memory_order_release);
  for (const auto& peer : members()) peer->close_now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, all_gone);
}

std::vector<std::shared_ptr<Peer>> PeerGroup::members() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Peer>> copies;
  copies.reserve(members_.size());
  for (const auto& [key, peer] : members_) copies.push_back(peer);
  return copies;
}

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
