#include "lists/count_mode.h"

#include <gtest/gtest.h>

namespace slate {
namespace {

TEST(CountMode, absent_is_what_the_caller_says_and_none_counts_nothing) {
  EXPECT_EQ(parse_count({}, {})->kind, CountMode::Kind::kNone);
  EXPECT_EQ(parse_count({}, kPageCount)->limit(), 10'000u);
  EXPECT_EQ(parse_count("none", kPageCount)->kind, CountMode::Kind::kNone);
}

TEST(CountMode, exact_has_no_limit) {
  EXPECT_EQ(parse_count("exact", {})->kind, CountMode::Kind::kExact);
  EXPECT_EQ(parse_count("exact", {})->limit(), std::nullopt);
}

TEST(CountMode, bounded_is_ten_thousand_unless_told) {
  EXPECT_EQ(parse_count("bounded", {})->limit(), 10'000u);
  EXPECT_EQ(parse_count("bounded:5", {})->limit(), 5u);
  EXPECT_EQ(parse_count("7", {})->limit(), 7u);
}

TEST(CountMode, anything_else_is_refused_naming_count) {
  for (const char* text : {"", "all", "EXACT", "0", "-1", "+1", "1.5", "1 ", "bounded:", "bounded:0",
                           "bounded:x", "18446744073709551616"}) {
    const auto mode = parse_count(text, {});
    ASSERT_FALSE(mode) << text;
    EXPECT_EQ(mode.error().field(), "count") << text;
  }
}

}  // namespace
}  // namespace slate
