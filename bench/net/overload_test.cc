#include "bench/net/overload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::bench::network {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A server that came through.
OverloadResult through() {
  OverloadResult result{.capacity = 4'000, .capacity_after = 3'900, .offered = 40'000, .good = 3'600};
  result.answers = {{200, 10}, {429, 5}, {503, 90}};
  result.nuisance_answers = {{200, 1}, {400, 2}, {408, 3}, {429, 4}, {503, 5}};
  result.memory_limit = std::uint64_t{512} << 20;
  result.most_resident = result.memory_limit;
  return result;
}

TEST(Overload, clear_refusals_and_little_goodput_are_no_problem) {
  OverloadResult result = through();
  result.good = 1;
  EXPECT_THAT(problems_of(result), IsEmpty());
}

TEST(Overload, other_answers_are_problems) {
  OverloadResult result = through();
  result.answers[500] = 7;
  result.nuisance_answers[500] = 8;
  EXPECT_THAT(problems_of(result),
              ElementsAre("7 answers were 500", "8 answers to clients that misbehave were 500"));
}

TEST(Overload, broken_connections_are_a_problem) {
  OverloadResult result = through();
  result.broken = 3;
  EXPECT_THAT(problems_of(result), ElementsAre("3 connections ended without their answer"));
}

TEST(Overload, silence_is_a_problem_during_and_after) {
  OverloadResult result = through();
  result.good = 0;
  result.capacity_after = 0;
  EXPECT_THAT(problems_of(result),
              ElementsAre("nothing was answered in time", "nothing was answered afterwards"));
}

TEST(Overload, memory_beyond_the_limit_is_a_problem) {
  OverloadResult result = through();
  result.most_resident = std::uint64_t{600} << 20;
  EXPECT_THAT(problems_of(result), ElementsAre("600 MiB were resident"));
}

}  // namespace
}  // namespace slate::bench::network
