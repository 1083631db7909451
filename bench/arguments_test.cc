#include "bench/arguments.h"

#include <gtest/gtest.h>

namespace slate::bench {
namespace {

TEST(ParseRecords, takes_whole_numbers_in_their_order) {
  const auto counts = parse_records(std::vector<std::string>{"100000", "10"});
  ASSERT_TRUE(counts);
  EXPECT_EQ(*counts, (std::vector<std::size_t>{100'000, 10}));
}

TEST(ParseRecords, refuses_what_is_none_too_small_or_too_large) {
  for (const char* text : {"", "9", "1e5", "-10", "100000001", "100 "}) {
    const auto counts = parse_records(std::vector<std::string>{text});
    ASSERT_FALSE(counts) << text;
    EXPECT_EQ(counts.error().reason(), Reason::kInvalidArgument);
  }
}

TEST(CheckNames, names_the_flag_the_stranger_and_those_it_knows) {
  const std::vector<std::string> known{"Q1", "Q2"};
  EXPECT_TRUE(check_names("--lines", std::vector<std::string>{"Q2"}, known));
  const auto checked = check_names("--lines", std::vector<std::string>{"Q2", "Q3"}, known);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message(), "--lines: there is no \"Q3\"; known are Q1, Q2");
}

}  // namespace
}  // namespace slate::bench
