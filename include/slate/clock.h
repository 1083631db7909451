// Time is passed in, so that tests decide what time it is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace slate {

// Milliseconds since 1970-01-01 UTC.
using UnixMillis = std::int64_t;

// The wall clock. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixMillis now() const = 0;
};

// The machine's clock; lives for the whole process.
const Clock& system_clock();

// A clock that stands still until it is told otherwise. Safe to call from any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis start = 0) : now_(start) {}
  UnixMillis now() const override { return now_.load(std::memory_order_relaxed); }
  void advance(std::chrono::milliseconds by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }
  void set(UnixMillis now) { now_.store(now, std::memory_order_relaxed); }

 private:
  std::atomic<UnixMillis> now_;
};

}  // namespace slate
