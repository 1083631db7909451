#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <slate/error.h>

namespace slate::net {

struct BlockingPoolOptions {
  std::string name = "pool";       // of the threads, for debuggers
  std::size_t threads = 4;         // at least 1; calls that run at once
  std::size_t queue_limit = 4096;  // calls that wait; beyond it submit() refuses
  // And while the call that is next has waited for so long: what comes now would wait as long or longer, and
  // is better told so at once than served late.
  std::chrono::milliseconds longest_wait{1'000};
};

// Whether the limit of the queue applies. kAlways is for the next step of work that was already let in, whose
// number something else bounds: refusing it would waste what was done.
enum class Admission : std::uint8_t { kLimited, kAlways };

// Threads for calls that may block: storage, files, handlers. First come, first served. Safe from any thread.
class BlockingPool {
 public:
  using Task = std::move_only_function<void()>;
  struct Stats {
    std::size_t queued = 0;
    std::size_t running = 0;
    std::uint64_t refused = 0;  // since the start
  };

  explicit BlockingPool(BlockingPoolOptions options);
  // Runs everything that was accepted, then ends the threads.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Queues the task. Errors: overloaded when the queue is full or too slow (try again in a second),
  // unavailable when the pool is ending; the task is then destroyed unrun. An exception out of a task is
  // logged and goes no further.
  Result<void> submit(Task task, Admission admission = Admission::kLimited);
  Stats stats() const;

 private:
  struct Waiting {
    Task task;
    std::chrono::steady_clock::time_point since;
  };
  bool is_full(std::chrono::steady_clock::time_point now) const;  // REQUIRES: mutex_
  void work();

  const BlockingPoolOptions options_;
  mutable std::mutex mutex_;  // guards what follows, but for threads_
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  std::size_t running_ = 0;
  std::uint64_t refused_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace slate::net
