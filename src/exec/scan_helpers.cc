#include "exec/scan_helpers.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace slate {

struct ScanHelpers::Pool {
  explicit Pool(unsigned size) : threads(size) {}
  boost::asio::thread_pool threads;
};

ScanHelpers::ScanHelpers(unsigned threads, unsigned cores) : threads_(threads), cores_(cores) {}

ScanHelpers::~ScanHelpers() {
  if (pool_ != nullptr) pool_->threads.join();
}

namespace {

// Adds one unless `counter` has reached `most`.
bool add_below(std::atomic<unsigned>& counter, unsigned most) {
  unsigned now = counter.load(std::memory_order_relaxed);
  while (now < most)
    if (counter.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
  return false;
}

}  // namespace

bool ScanHelpers::offer(std::function<void()> work) {
  if (!add_below(helping_, threads_)) return false;
  if (!add_below(busy_, cores_)) {
    helping_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  std::call_once(started_, [this] { pool_ = std::make_unique<Pool>(threads_); });
  boost::asio::post(pool_->threads, [this, work = std::move(work)]() mutable {
    work();
    work = nullptr;
    busy_.fetch_sub(1, std::memory_order_relaxed);
    helping_.fetch_sub(1, std::memory_order_relaxed);
  });
  return true;
}

}  // namespace slate
