#include "server/lane.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace slate::server {
namespace {

TEST(Lane, tasks_run_in_order_and_never_two_at_once) {
  net::BlockingPool pool({.threads = 4});
  const auto lane = std::make_shared<Lane>(pool);
  std::atomic<int> running = 0;
  std::vector<int> order;  // guarded by the lane
  std::promise<void> done;
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(lane->run([&, i] {
      EXPECT_EQ(running.fetch_add(1), 0);
      order.push_back(i);
      running.fetch_sub(1);
      if (i == 199) done.set_value();
    }));
  done.get_future().wait();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Lane, it_is_taken_once_and_what_came_meanwhile_runs_then) {
  net::BlockingPool pool({.threads = 1});
  const auto lane = std::make_shared<Lane>(pool);
  ASSERT_TRUE(lane->try_enter());
  EXPECT_FALSE(lane->try_enter());
  std::atomic<bool> left = false;
  std::promise<bool> ran;
  ASSERT_TRUE(lane->run([&] { ran.set_value(left.load()); }));
  left = true;
  lane->leave();
  EXPECT_TRUE(ran.get_future().get());
}

}  // namespace
}  // namespace slate::server
