// Threads that help queries while cores are idle, and only then.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace slate {

// Safe for any number of threads.
class ScanHelpers {
 public:
  // At most `threads` helpers on a machine of `cores`; they are started when the first of them has work.
  ScanHelpers(unsigned threads, unsigned cores);
  // Waits for the helpers at work. REQUIRES: no query runs.
  ~ScanHelpers();
  ScanHelpers(const ScanHelpers&) = delete;
  ScanHelpers& operator=(const ScanHelpers&) = delete;

  // A query that runs: it needs a core as long as this lives.
  class Query {
   public:
    // Null counts nothing. The helpers outlive it.
    explicit Query(ScanHelpers* helpers) : helpers_(helpers) {
      if (helpers_ != nullptr) helpers_->busy_.fetch_add(1, std::memory_order_relaxed);
    }
    ~Query() {
      if (helpers_ != nullptr) helpers_->busy_.fetch_sub(1, std::memory_order_relaxed);
    }
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

   private:
    ScanHelpers* helpers_;
  };

  // Has a helper run `work` soon, and answers true, when a core is idle: fewer queries and helpers are at
  // work than there are cores.
  bool offer(std::function<void()> work);
  // What a helper asks now and then: whether every query that runs has a core of its own beside it.
  bool may_go_on() const { return busy_.load(std::memory_order_relaxed) <= cores_; }

 private:
  class Pool;

  const unsigned threads_;
  const unsigned cores_;
  std::atomic<unsigned> busy_ = 0;  // queries and helpers
  std::atomic<unsigned> helping_ = 0;
  std::once_flag started_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace slate
