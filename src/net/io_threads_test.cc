#include "net/io_threads.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>

namespace slate::net {
namespace {

TEST(IoThreads, runs_callbacks_on_as_many_threads_as_asked) {
  IoThreads io(3);
  std::latch all_inside(3);
  std::atomic<int> done = 0;
  std::promise<void> last;
  for (int i = 0; i < 3; ++i) {
    boost::asio::post(io.context(), [&] {
      all_inside.arrive_and_wait();
      if (++done == 3) last.set_value();
    });
  }
  last.get_future().wait();
}

TEST(IoThreads, loop_survives_a_callback_that_throws) {
  IoThreads io(1);
  std::promise<void> ran;
  boost::asio::post(io.context(), [] { throw std::runtime_error("expected in this test"); });
  boost::asio::post(io.context(), [&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(IoThreads, nothing_runs_after_stop) {
  IoThreads io(2);
  io.stop();
  io.stop();
  bool ran = false;
  boost::asio::post(io.context(), [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace slate::net
