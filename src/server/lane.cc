#include "server/lane.h"

#include <utility>

namespace slate::server {

Result<void> Lane::run(net::BlockingPool::Task task, net::Admission admission) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_taken_) {
      waiting_.push_back(std::move(task));
      return {};
    }
    is_taken_ = true;
  }
  auto taken = pool_.submit(
      [self = shared_from_this(), first = std::move(task)]() mutable { self->work(std::move(first)); },
      admission);
  if (!taken) leave();
  return taken;
}

bool Lane::try_enter() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(is_taken_, true);
}

void Lane::leave() {
  net::BlockingPool::Task next;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
      is_taken_ = false;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  // The number of tasks is bounded by that of the requests that a connection may have under way.
  static_cast<void>(pool_.submit(
      [self = shared_from_this(), first = std::move(next)]() mutable { self->work(std::move(first)); },
      net::Admission::kAlways));
}

void Lane::work(net::BlockingPool::Task task) {
  task();
  task = {};  // gone before the next one begins
  leave();
}

}  // namespace slate::server
