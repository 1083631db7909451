#include "net/deadline_timer.h"

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "net/thread_name.h"

namespace slate::net {
namespace {

void run_guarded(DeadlineTimer::Callback& callback) {
  try {
    callback();
  } catch (const std::exception& error) {
    log::error("a timer callback threw", {{"what", error.what()}});
  } catch (...) {
    log::error("a timer callback threw");
  }
}

}  // namespace

DeadlineTimer::Id DeadlineQueue::add(DeadlineTimer::TimePoint when, DeadlineTimer::Callback callback) {
  const DeadlineTimer::Id id{++last_id_};
  by_time_.emplace(std::pair(when, id), std::move(callback));
  times_.emplace(id, when);
  return id;
}

DeadlineTimer::Callback DeadlineQueue::take(DeadlineTimer::Id id) {
  const auto time = times_.find(id);
  if (time == times_.end()) return nullptr;
  auto entry = by_time_.extract({time->second, id});
  times_.erase(time);
  return std::move(entry.mapped());
}

DeadlineTimer::Callback DeadlineQueue::take_due(DeadlineTimer::TimePoint now) {
  if (empty() || earliest() > now) return nullptr;
  auto entry = by_time_.extract(by_time_.begin());
  times_.erase(entry.key().second);
  return std::move(entry.mapped());
}

ThreadDeadlineTimer::ThreadDeadlineTimer() {
  thread_ = std::thread([this] {
    name_this_thread("timer", 0);
    work();
  });
}

ThreadDeadlineTimer::~ThreadDeadlineTimer() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

DeadlineTimer::Id ThreadDeadlineTimer::run_at(TimePoint when, Callback callback) {
  Id id{};
  bool is_first = false;
  {
    const std::scoped_lock lock(mutex_);
    is_first = queue_.empty() || when < queue_.earliest();
    id = queue_.add(when, std::move(callback));
  }
  if (is_first) wake_.notify_one();
  return id;
}

bool ThreadDeadlineTimer::cancel(Id id) {
  Callback cancelled;
  const std::scoped_lock lock(mutex_);
  cancelled = queue_.take(id);
  return cancelled != nullptr;
}

void ThreadDeadlineTimer::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (Callback due = queue_.take_due(now())) {
      lock.unlock();
      run_guarded(due);
      due = nullptr;
      lock.lock();
    } else if (queue_.empty()) {
      wake_.wait(lock);
    } else {
      const TimePoint until = queue_.earliest();
      wake_.wait_until(lock, until);
    }
  }
}

DeadlineTimer::TimePoint ManualDeadlineTimer::now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}

DeadlineTimer::Id ManualDeadlineTimer::run_at(TimePoint when, Callback callback) {
  const std::scoped_lock lock(mutex_);
  return queue_.add(when, std::move(callback));
}

bool ManualDeadlineTimer::cancel(Id id) {
  Callback cancelled;
  const std::scoped_lock lock(mutex_);
  cancelled = queue_.take(id);
  return cancelled != nullptr;
}

void ManualDeadlineTimer::advance(Duration by) {
  std::unique_lock lock(mutex_);
  const TimePoint until = now_ + by;
  while (!queue_.empty() && queue_.earliest() <= until) {
    now_ = std::max(now_, queue_.earliest());
    Callback due = queue_.take_due(now_);
    lock.unlock();
    run_guarded(due);
    due = nullptr;
    lock.lock();
  }
  now_ = std::max(now_, until);
}

}  // namespace slate::net
