#pragma once

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

  // Queues the task. Errors: overloaded when the queue is full (try again in a second), unavailable when the
  // pool is ending; the task is then destroyed unrun. An exception out of a task is logged and goes no
  // further.
  Result<void> submit(Task task, Admission admission = Admission::kLimited);
  Stats stats() const;

 private:
  void work();

  const BlockingPoolOptions options_;
  mutable std::mutex mutex_;  // guards what follows, but for threads_
  std::condition_variable wake_;
  std::deque<Task> queue_;
  std::size_t running_ = 0;
  std::uint64_t refused_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace slate::net
