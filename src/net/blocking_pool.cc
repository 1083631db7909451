#include "net/blocking_pool.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/thread_name.h"

namespace slate::net {
namespace {

void run_guarded(BlockingPool::Task& task) {
  try {
    task();
  } catch (const std::exception& error) {
    log::error("a blocking call threw", {{"what", error.what()}});
  } catch (...) {
    log::error("a blocking call threw");
  }
}

}  // namespace

BlockingPool::BlockingPool(BlockingPoolOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.threads, 1); ++i) {
    threads_.emplace_back([this, i] {
      name_this_thread(options_.name, i);
      work();
    });
  }
}

BlockingPool::~BlockingPool() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool BlockingPool::is_full(std::chrono::steady_clock::time_point now) const {
  if (queue_.size() >= options_.queue_limit) return true;
  return !queue_.empty() && now - queue_.front().since >= options_.longest_wait;
}

Result<void> BlockingPool::submit(Task task, Admission admission) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::scoped_lock lock(mutex_);
    if (ending_) return fail(Reason::kUnavailable, "the server is shutting down");
    if (admission == Admission::kLimited && is_full(now)) {
      ++refused_;
      return fail(Error(Reason::kOverloaded, "too many requests are waiting").with_retry_after(1));
    }
    queue_.push_back({std::move(task), now});
  }
  wake_.notify_one();
  return {};
}

BlockingPool::Stats BlockingPool::stats() const {
  const std::scoped_lock lock(mutex_);
  return {.queued = queue_.size(), .running = running_, .refused = refused_};
}

void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front().task);
    queue_.pop_front();
    ++running_;
    lock.unlock();
    run_guarded(task);
    task = nullptr;  // what it holds goes before it counts as done
    lock.lock();
    --running_;
  }
}

}  // namespace slate::net
