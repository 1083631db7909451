// Work that must happen one after the other, on the threads of a pool.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "net/blocking_pool.h"

namespace slate::server {

// Tasks of one lane run in the order of run(), never two at once; no thread waits for its turn. Safe from any
// thread.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  explicit Lane(net::BlockingPool& pool) : pool_(pool) {}

  // Errors: those of the pool; the task is then destroyed unrun. A task behind others is always taken.
  Result<void> run(net::BlockingPool::Task task, net::Admission admission = net::Admission::kLimited);
  // Takes the lane for work on the calling thread, if it is free. leave() ends that.
  bool try_enter();
  void leave();

 private:
  void work(net::BlockingPool::Task first);

  net::BlockingPool& pool_;
  std::mutex mutex_;  // guards both
  bool is_taken_ = false;
  std::deque<net::BlockingPool::Task> waiting_;
};

}  // namespace slate::server
