#include "exec/scan_helpers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace slate {
namespace {

// Adds one unless `counter` has reached `most`.
bool add_below(std::atomic<unsigned>& counter, unsigned most) {
  unsigned now = counter.load(std::memory_order_relaxed);
  while (now < most)
    if (counter.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
  return false;
}

}  // namespace

// Threads that take work from a queue; what was queued is done before they end.
class ScanHelpers::Pool {
 public:
  explicit Pool(unsigned size) {
    for (unsigned i = 0; i < size; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  std::vector<std::jthread> threads_;        // the first to go: they use the rest
};

ScanHelpers::ScanHelpers(unsigned threads, unsigned cores) : threads_(threads), cores_(cores) {}
ScanHelpers::~ScanHelpers() = default;

bool ScanHelpers::offer(std::function<void()> work) {
  if (!add_below(helping_, threads_)) return false;
  if (!add_below(busy_, cores_)) {
    helping_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  std::call_once(started_, [this] { pool_ = std::make_unique<Pool>(threads_); });
  pool_->post([this, work = std::move(work)] {
    work();
    busy_.fetch_sub(1, std::memory_order_relaxed);
    helping_.fetch_sub(1, std::memory_order_relaxed);
  });
  return true;
}

}  // namespace slate
