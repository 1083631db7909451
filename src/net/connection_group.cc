#include "net/connection_group.h"

namespace slate::net {

bool ConnectionGroup::add(std::shared_ptr<GroupMember> member) {
  const std::scoped_lock lock(mutex_);
  if (phase() != Phase::kServing) return false;
  const GroupMember* key = member.get();
  members_.emplace(key, std::move(member));
  return true;
}

void ConnectionGroup::release(const GroupMember* member) {
  std::shared_ptr<GroupMember> last;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  if (auto node = members_.extract(member)) last = std::move(node.mapped());
}

std::size_t ConnectionGroup::open() const {
  const std::scoped_lock lock(mutex_);
  return members_.size();
}

void ConnectionGroup::finish(std::chrono::milliseconds grace) {
  phase_.store(Phase::kFinishing, std::memory_order_release);
  for (const auto& member : members()) member->close_when_idle();
  const auto all_gone = [this] { return alive_ == 0; };
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, all_gone);
  }
  phase_.store(Phase::kEnded, std::memory_order_release);
  for (const auto& member : members()) member->close_now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, all_gone);
}

void ConnectionGroup::created() {
  const std::scoped_lock lock(mutex_);
  ++alive_;
}

void ConnectionGroup::destroyed() {
  const std::scoped_lock lock(mutex_);
  if (--alive_ == 0) changed_.notify_all();
}

std::vector<std::shared_ptr<GroupMember>> ConnectionGroup::members() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<GroupMember>> copies;
  copies.reserve(members_.size());
  for (const auto& [key, member] : members_) copies.push_back(member);
  return copies;
}

}  // namespace slate::net
