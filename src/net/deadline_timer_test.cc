#include "net/deadline_timer.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <stdexcept>
#include <vector>

namespace slate::net {
namespace {

using namespace std::chrono_literals;

TEST(ManualDeadlineTimer, runs_only_what_is_due_and_earliest_first) {
  ManualDeadlineTimer timer;
  std::vector<int> order;
  timer.run_after(20ms, [&] { order.push_back(20); });
  timer.run_after(10ms, [&] { order.push_back(10); });
  timer.run_after(30ms, [&] { order.push_back(30); });
  timer.advance(9ms);
  EXPECT_TRUE(order.empty());
  timer.advance(11ms);
  EXPECT_EQ(order, (std::vector{10, 20}));
}

TEST(ManualDeadlineTimer, equal_times_run_in_the_order_they_were_set) {
  ManualDeadlineTimer timer;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) timer.run_after(10ms, [&order, i] { order.push_back(i); });
  timer.advance(10ms);
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(ManualDeadlineTimer, callback_set_by_a_callback_runs_at_its_own_time) {
  ManualDeadlineTimer timer;
  const auto start = timer.now();
  std::vector<DeadlineTimer::Duration> times;
  timer.run_after(10ms, [&] {
    times.push_back(timer.now() - start);
    timer.run_after(5ms, [&] { times.push_back(timer.now() - start); });
  });
  timer.advance(100ms);
  EXPECT_EQ(times, (std::vector<DeadlineTimer::Duration>{10ms, 15ms}));
  EXPECT_EQ(timer.now() - start, 100ms);
}

TEST(ManualDeadlineTimer, cancelled_callback_never_runs_and_is_cancelled_once) {
  ManualDeadlineTimer timer;
  const auto id = timer.run_after(10ms, [] { FAIL() << "a cancelled callback ran"; });
  EXPECT_TRUE(timer.cancel(id));
  EXPECT_FALSE(timer.cancel(id));
  timer.advance(20ms);
}

TEST(ManualDeadlineTimer, cancelling_what_has_run_says_so) {
  ManualDeadlineTimer timer;
  const auto id = timer.run_after(10ms, [] {});
  timer.advance(10ms);
  EXPECT_FALSE(timer.cancel(id));
}

TEST(ThreadDeadlineTimer, runs_no_callback_before_its_time) {
  ThreadDeadlineTimer timer;
  const auto due = timer.now() + 20ms;
  std::promise<DeadlineTimer::TimePoint> ran;
  timer.run_at(due, [&] { ran.set_value(timer.now()); });
  EXPECT_GE(ran.get_future().get(), due);
}

TEST(ThreadDeadlineTimer, earlier_callback_set_later_does_not_wait_for_the_first) {
  ThreadDeadlineTimer timer;
  std::promise<void> ran;
  timer.run_after(1h, [] { FAIL() << "ran an hour early"; });
  timer.run_after(1ms, [&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(30s), std::future_status::ready);
}

TEST(ThreadDeadlineTimer, callback_may_set_and_cancel_others) {
  ThreadDeadlineTimer timer;
  std::promise<bool> ran;
  const auto late = timer.run_after(1h, [] {});
  timer.run_after(1ms, [&] {
    const bool cancelled = timer.cancel(late);
    timer.run_after(1ms, [&ran, cancelled] { ran.set_value(cancelled); });
  });
  EXPECT_TRUE(ran.get_future().get());
}

TEST(ThreadDeadlineTimer, thread_survives_a_callback_that_throws) {
  ThreadDeadlineTimer timer;
  std::promise<void> ran;
  timer.run_after(0ms, [] { throw std::runtime_error("expected in this test"); });
  timer.run_after(1ms, [&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(30s), std::future_status::ready);
}

TEST(ThreadDeadlineTimer, its_end_drops_what_is_not_due) {
  const auto held = std::make_shared<int>(1);
  {
    ThreadDeadlineTimer timer;
    timer.run_after(1h, [held] { FAIL() << "ran an hour early"; });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadDeadlineTimer, each_callback_either_runs_or_is_cancelled_under_load) {
  std::atomic<int> ran = 0;
  std::atomic<int> cancelled = 0;
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  ThreadDeadlineTimer timer;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const auto id = timer.run_after(std::chrono::microseconds(i % 50), [&] { ++ran; });
        if (i % 2 == 0 && timer.cancel(id)) ++cancelled;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::promise<void> last;
  timer.run_after(1ms, [&] { last.set_value(); });  // later than all of them
  last.get_future().wait();
  EXPECT_EQ(ran + cancelled, kThreads * kEach);
}

}  // namespace
}  // namespace slate::net
