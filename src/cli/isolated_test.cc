#include "cli/isolated.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace slate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Isolated, what_is_said_comes_line_by_line) {
  std::vector<std::string> heard;
  const std::string long_line(100'000, 'x');
  const auto end = run_isolated(
      [&](const Say& say) {
        say("one");
        say("");
        say(long_line);
      },
      [&](std::string_view line) { heard.emplace_back(line); });
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(*end, std::nullopt);
  EXPECT_THAT(heard, ElementsAre("one", "", long_line));
}

TEST(Isolated, a_process_that_is_killed_is_told_from_one_that_returned) {
  std::vector<std::string> heard;
  const auto end = run_isolated(
      [](const Say& say) {
        say("before");
        ::kill(::getpid(), SIGKILL);
      },
      [&](std::string_view line) { heard.emplace_back(line); });
  ASSERT_TRUE(end.has_value());
  ASSERT_TRUE(end->has_value());
  EXPECT_THAT(**end, HasSubstr("ended by signal 9"));
  EXPECT_THAT(heard, ElementsAre("before"));
}

TEST(Isolated, an_exception_stays_in_its_process) {
  const auto end = run_isolated([](const Say&) { throw std::runtime_error("no"); }, [](std::string_view) {});
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(**end, "ended with status 70");
}

TEST(Isolated, the_work_ends_with_the_process_that_waits_for_it) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t waiting = ::fork();
  if (waiting == 0) {
    static_cast<void>(run_isolated(
        [&](const Say& say) {
          say("begun");
          for (;;) ::pause();
        },
        [&](std::string_view) { static_cast<void>(::write(ends[1], "x", 1)); }));
    ::_exit(0);
  }
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(waiting, SIGKILL);
  EXPECT_EQ(::waitpid(waiting, nullptr, 0), waiting);
  pollfd end{.fd = ends[0], .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&end, 1, 60'000), 1) << "the work goes on";
  ::close(ends[0]);
}

TEST(Isolated, nothing_that_the_work_changes_is_changed_here) {
  int number = 1;
  ASSERT_TRUE(run_isolated([&](const Say&) { number = 2; }, [](std::string_view) {}).has_value());
  EXPECT_EQ(number, 1);
}

}  // namespace
}  // namespace slate::cli
