// A thread that calls functions at given times.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace slate {

// Calls run one after the other, in the order of their times, without any lock held. Safe from any thread.
class DeadlineThread {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Call = std::move_only_function<void()>;
  using Ticket = std::pair<TimePoint, std::uint64_t>;

  DeadlineThread();
  // stop().
  ~DeadlineThread();
  DeadlineThread(const DeadlineThread&) = delete;
  DeadlineThread& operator=(const DeadlineThread&) = delete;

  // O(log calls). After stop() the call is dropped.
  Ticket call_at(TimePoint at, Call call);
  // As soon as the thread is free, before every call of call_at() that is due.
  void call_soon(Call call) { call_at(TimePoint::min(), std::move(call)); }
  // Nothing happens when it has been called, or is being called.
  void cancel(const Ticket& ticket);
  // Makes the calls that are due, drops the others, and joins. Not from within a call.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Ticket, Call> calls_;
  std::uint64_t next_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace slate
