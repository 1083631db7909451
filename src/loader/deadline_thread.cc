#include "loader/deadline_thread.h"

namespace slate {

DeadlineThread::DeadlineThread() : thread_([this] { run(); }) {}

DeadlineThread::~DeadlineThread() { stop(); }

DeadlineThread::Ticket DeadlineThread::call_at(TimePoint at, Call call) {
  const std::lock_guard lock(mutex_);
  const Ticket ticket{at, next_++};
  if (stopping_) return ticket;
  const auto added = calls_.emplace(ticket, std::move(call)).first;
  if (added == calls_.begin()) changed_.notify_one();
  return ticket;
}

void DeadlineThread::cancel(const Ticket& ticket) {
  Call dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(ticket);
  if (found == calls_.end()) return;
  dropped = std::move(found->second);
  calls_.erase(found);
}

void DeadlineThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void DeadlineThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (calls_.empty()) {
      if (stopping_) return;
      changed_.wait(lock);
      continue;
    }
    const auto first = calls_.begin();
    if (first->first.first > std::chrono::steady_clock::now()) {
      if (stopping_) break;
      const TimePoint until = first->first.first;
      changed_.wait_until(lock, until);
      continue;
    }
    Call call = std::move(first->second);
    calls_.erase(first);
    lock.unlock();
    call();
    call = nullptr;
    lock.lock();
  }
  auto dropped = std::move(calls_);
  calls_.clear();
  lock.unlock();
}

}  // namespace slate
