#include "loader/deadline_thread.h"

#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace slate {
namespace {

using std::chrono::hours;
using Clock = std::chrono::steady_clock;

TEST(DeadlineThread, calls_run_in_the_order_of_their_times) {
  std::vector<int> order;
  std::promise<void> all;
  DeadlineThread thread;
  const auto now = Clock::now();
  thread.call_at(now + std::chrono::milliseconds(20), [&] {
    order.push_back(2);
    all.set_value();
  });
  thread.call_at(now + std::chrono::milliseconds(10), [&] { order.push_back(1); });
  thread.call_soon([&] { order.push_back(0); });
  all.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(DeadlineThread, a_cancelled_call_is_not_made) {
  bool called = false;
  std::promise<void> later;
  DeadlineThread thread;
  const auto soon = Clock::now() + std::chrono::milliseconds(20);
  const auto ticket = thread.call_at(soon, [&] { called = true; });
  thread.call_at(soon + std::chrono::milliseconds(1), [&] { later.set_value(); });
  thread.cancel(ticket);
  later.get_future().wait();
  EXPECT_FALSE(called);
}

TEST(DeadlineThread, a_call_may_ask_for_the_next_one) {
  std::promise<void> second;
  DeadlineThread thread;
  thread.call_soon([&] { thread.call_soon([&] { second.set_value(); }); });
  second.get_future().wait();
}

TEST(DeadlineThread, stop_makes_what_is_due_and_drops_what_is_not) {
  int due = 0;
  auto kept = std::make_shared<int>(0);
  DeadlineThread thread;
  thread.call_at(Clock::now() + hours(1), [kept] { ++*kept; });
  for (int i = 0; i < 100; ++i) thread.call_soon([&] { ++due; });
  thread.stop();
  EXPECT_EQ(due, 100);
  EXPECT_EQ(*kept, 0);
  EXPECT_EQ(kept.use_count(), 1) << "a dropped call must let go of what it holds";
}

}  // namespace
}  // namespace slate
