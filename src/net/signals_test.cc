#include "net/signals.h"

#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <signal.h>
#include <unistd.h>
#include <vector>

namespace slate::net {
namespace {

class Calls {
 public:
  Signals::Callback callback() {
    return [this](Shutdown stage) {
      const std::scoped_lock lock(mutex_);
      stages_.push_back(stage);
      called_.notify_all();
    };
  }
  std::vector<Shutdown> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    called_.wait_for(lock, std::chrono::seconds(30), [&] { return stages_.size() >= count; });
    return stages_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable called_;
  std::vector<Shutdown> stages_;
};

void send(int number) { ASSERT_EQ(::kill(::getpid(), number), 0); }

TEST(Signals, first_signal_asks_and_the_second_insists) {
  Calls calls;
  const auto signals = Signals::listen(calls.callback());
  ASSERT_TRUE(signals);
  send(SIGTERM);
  EXPECT_EQ(calls.wait_for(1), (std::vector{Shutdown::kAsk}));
  send(SIGINT);
  EXPECT_EQ(calls.wait_for(2), (std::vector{Shutdown::kAsk, Shutdown::kInsist}));
}

TEST(Signals, interrupt_from_the_keyboard_asks_too) {
  Calls calls;
  const auto signals = Signals::listen(calls.callback());
  ASSERT_TRUE(signals);
  send(SIGINT);
  EXPECT_EQ(calls.wait_for(1), (std::vector{Shutdown::kAsk}));
}

TEST(Signals, default_effect_is_back_when_listening_ends) {
  {
    Calls calls;
    const auto signals = Signals::listen(calls.callback());
    ASSERT_TRUE(signals);
  }
  struct sigaction action {};
  ASSERT_EQ(::sigaction(SIGTERM, nullptr, &action), 0);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace slate::net
