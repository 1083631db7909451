#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace slate::net {

// Runs callbacks at points of the steady clock: back-off, waiting requests, deadlines. Safe from any thread,
// callbacks included.
class DeadlineTimer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;
  using Callback = std::move_only_function<void()>;
  enum class Id : std::uint64_t {};

  virtual ~DeadlineTimer() = default;

  virtual TimePoint now() const = 0;
  // Runs the callback once, at `when` or soon after; a point in the past means as soon as possible, never
  // within this call. Callbacks run one at a time, earliest first, and must not block.
  virtual Id run_at(TimePoint when, Callback callback) = 0;
  // True: the callback has not run and never will. False: it has run, is running, or there is no such id.
  virtual bool cancel(Id id) = 0;

  Id run_after(Duration delay, Callback callback) { return run_at(now() + delay, std::move(callback)); }
};

// Callbacks by time, then by age. Not synchronised: its owner's lock guards it. O(log n) a call.
class DeadlineQueue {
 public:
  DeadlineTimer::Id add(DeadlineTimer::TimePoint when, DeadlineTimer::Callback callback);
  // The callback, for the caller to destroy outside its lock; empty if there is no such id.
  DeadlineTimer::Callback take(DeadlineTimer::Id id);
  // The earliest callback that is due at `now`; empty if there is none.
  DeadlineTimer::Callback take_due(DeadlineTimer::TimePoint now);
  bool empty() const { return by_time_.empty(); }
  // REQUIRES: not empty.
  DeadlineTimer::TimePoint earliest() const { return by_time_.begin()->first.first; }

 private:
  std::map<std::pair<DeadlineTimer::TimePoint, DeadlineTimer::Id>, DeadlineTimer::Callback> by_time_;
  std::unordered_map<DeadlineTimer::Id, DeadlineTimer::TimePoint> times_;
  std::uint64_t last_id_ = 0;
};

// One thread for all callbacks. Its end waits for the callback that is running and drops the others unrun; it
// must not come from a callback. An exception out of a callback is logged and goes no further.
class ThreadDeadlineTimer final : public DeadlineTimer {
 public:
  ThreadDeadlineTimer();
  ~ThreadDeadlineTimer() override;
  ThreadDeadlineTimer(const ThreadDeadlineTimer&) = delete;
  ThreadDeadlineTimer& operator=(const ThreadDeadlineTimer&) = delete;

  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  Id run_at(TimePoint when, Callback callback) override;
  bool cancel(Id id) override;

 private:
  void work();

  std::mutex mutex_;  // guards queue_ and ending_
  std::condition_variable wake_;
  DeadlineQueue queue_;
  bool ending_ = false;
  std::thread thread_;
};

// Time that stands still until advance(), which runs what has become due on the calling thread.
class ManualDeadlineTimer final : public DeadlineTimer {
 public:
  TimePoint now() const override;
  Id run_at(TimePoint when, Callback callback) override;
  bool cancel(Id id) override;
  // Moves time forward step by step: each callback, those added by callbacks included, sees its own time as
  // now().
  void advance(Duration by);

 private:
  mutable std::mutex mutex_;  // guards both
  TimePoint now_{};
  DeadlineQueue queue_;
};

}  // namespace slate::net
