#include "http/server_core.h"

#include <utility>

namespace slate::http {

bool ConnectionGroup::add(std::shared_ptr<Connection> connection) {
  const std::scoped_lock lock(mutex_);
  if (phase() != Phase::kServing) return false;
  const Connection* key = connection.get();
  members_.emplace(key, std::move(connection));
  return true;
}

void ConnectionGroup::release(const Connection* connection) {
  std::shared_ptr<Connection> last;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  const auto found = members_.find(connection);
  if (found == members_.end()) return;
  last = std::move(found->second);
  members_.erase(found);
}

void ConnectionGroup::created() {
  const std::scoped_lock lock(mutex_);
  ++alive_;
}

void ConnectionGroup::destroyed() {
  const std::scoped_lock lock(mutex_);
  --alive_;
  changed_.notify_all();
}

void ConnectionGroup::call_begins() {
  const std::scoped_lock lock(mutex_);
  ++calls_;
}

void ConnectionGroup::call_ends() {
  const std::scoped_lock lock(mutex_);
  --calls_;
  changed_.notify_all();
}

std::size_t ConnectionGroup::open() const {
  const std::scoped_lock lock(mutex_);
  return members_.size();
}

void ConnectionGroup::finish(std::chrono::milliseconds grace) {
  phase_.store(Phase::kFinishing, std::memory_order_release);
  for (const auto& connection : members()) connection->close_when_idle();
  const auto all_gone = [this] { return alive_ == 0 && calls_ == 0; };
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, all_gone);
  }
  phase_.store(Phase::kEnded, std::memory_order_release);
  for (const auto& connection : members()) connection->close_now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, all_gone);
}

std::vector<std::shared_ptr<Connection>> ConnectionGroup::members() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> copies;
  copies.reserve(members_.size());
  for (const auto& [key, connection] : members_) copies.push_back(connection);
  return copies;
}

}  // namespace slate::http
