#include "net/blocking_pool.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <latch>
#include <memory>
#include <stdexcept>

namespace slate::net {
namespace {

// Keeps one thread of a pool busy until let go.
class Gate {
 public:
  BlockingPool::Task task() {
    return [this] {
      entered_.count_down();
      opened_.wait();
    };
  }
  void wait_until_entered() { entered_.wait(); }
  void open() { opened_.count_down(); }

 private:
  std::latch entered_{1};
  std::latch opened_{1};
};

TEST(BlockingPool, runs_tasks_of_one_thread_in_order) {
  std::vector<int> order;
  {
    BlockingPool pool({.threads = 1});
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&order, i] { order.push_back(i); }));
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(BlockingPool, runs_as_many_tasks_at_once_as_it_has_threads) {
  BlockingPool pool({.threads = 3});
  std::latch all_inside(3);
  std::atomic<int> done = 0;
  std::promise<void> last;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      all_inside.arrive_and_wait();
      if (++done == 3) last.set_value();
    }));
  }
  last.get_future().wait();
}

TEST(BlockingPool, full_queue_refuses_with_overloaded_and_a_retry_time) {
  Gate gate;
  BlockingPool pool({.threads = 1, .queue_limit = 2});
  ASSERT_TRUE(pool.submit(gate.task()));
  gate.wait_until_entered();
  ASSERT_TRUE(pool.submit([] {}));
  ASSERT_TRUE(pool.submit([] {}));
  const auto refused = pool.submit([] { FAIL() << "a refused task ran"; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kOverloaded);
  EXPECT_EQ(refused.error().retry_after_seconds(), 1);
  const auto stats = pool.stats();
  EXPECT_EQ(stats.queued, 2u);
  EXPECT_EQ(stats.running, 1u);
  EXPECT_EQ(stats.refused, 1u);
  gate.open();
}

TEST(BlockingPool, queue_that_is_too_slow_refuses_however_short_it_is) {
  Gate gate;
  BlockingPool pool({.threads = 1, .longest_wait = std::chrono::milliseconds(0)});
  ASSERT_TRUE(pool.submit(gate.task()));
  gate.wait_until_entered();
  ASSERT_TRUE(pool.submit([] {})) << "nobody waits";
  const auto refused = pool.submit([] { FAIL() << "a refused task ran"; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kOverloaded);
  EXPECT_EQ(refused.error().retry_after_seconds(), 1);
  EXPECT_TRUE(pool.submit([] {}, Admission::kAlways));
  gate.open();
}

TEST(BlockingPool, work_already_let_in_passes_a_full_queue) {
  Gate gate;
  std::atomic<bool> ran = false;
  {
    BlockingPool pool({.threads = 1, .queue_limit = 0});
    ASSERT_TRUE(pool.submit(gate.task(), Admission::kAlways));
    gate.wait_until_entered();
    EXPECT_FALSE(pool.submit([] {}));
    EXPECT_TRUE(pool.submit([&] { ran = true; }, Admission::kAlways));
    gate.open();
  }
  EXPECT_TRUE(ran);
}

TEST(BlockingPool, its_end_runs_what_was_accepted) {
  Gate gate;
  std::atomic<int> ran = 0;
  std::future<void> ended;
  {
    auto pool = std::make_unique<BlockingPool>(BlockingPoolOptions{.threads = 2});
    ASSERT_TRUE(pool->submit(gate.task()));
    gate.wait_until_entered();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool->submit([&] { ++ran; }));
    ended = std::async(std::launch::async, [owned = std::move(pool)]() mutable { owned.reset(); });
    gate.open();
  }
  ended.wait();
  EXPECT_EQ(ran, 50);
}

TEST(BlockingPool, thread_survives_a_task_that_throws) {
  std::atomic<bool> ran = false;
  {
    BlockingPool pool({.threads = 1});
    ASSERT_TRUE(pool.submit([] { throw std::runtime_error("expected in this test"); }));
    ASSERT_TRUE(pool.submit([&] { ran = true; }));
  }
  EXPECT_TRUE(ran);
}

TEST(BlockingPool, tasks_from_many_threads_all_run) {
  std::atomic<int> ran = 0;
  {
    BlockingPool pool({.threads = 4, .queue_limit = 10'000});
    std::vector<std::thread> senders;
    for (int i = 0; i < 8; ++i)
      senders.emplace_back([&] {
        for (int k = 0; k < 500; ++k) EXPECT_TRUE(pool.submit([&] { ++ran; }));
      });
    for (auto& sender : senders) sender.join();
  }
  EXPECT_EQ(ran, 4000);
}

}  // namespace
}  // namespace slate::net
