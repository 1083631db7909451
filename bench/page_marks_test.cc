#include "bench/page_marks.h"

#include <gtest/gtest.h>

namespace slate::bench {
namespace {

TEST(ReplaceBetweenMarks, keeps_the_marks_and_all_around_them) {
  const std::string page = "a\n<!-- comparison: begin -->\nold\n<!-- comparison: end -->\nb\n";
  const auto replaced = replace_between_marks(page, "comparison", "new\n");
  ASSERT_TRUE(replaced);
  EXPECT_EQ(*replaced, "a\n<!-- comparison: begin -->\n\nnew\n\n<!-- comparison: end -->\nb\n");
  EXPECT_EQ(*replace_between_marks(*replaced, "comparison", "new\n"), *replaced);
}

TEST(ReplaceBetweenMarks, refuses_a_page_without_them_or_with_too_many) {
  EXPECT_FALSE(replace_between_marks("a", "comparison", "new"));
  EXPECT_FALSE(
      replace_between_marks("<!-- comparison: end --><!-- comparison: begin -->", "comparison", "new"));
  EXPECT_FALSE(replace_between_marks(
      "<!-- comparison: begin --><!-- comparison: begin --><!-- comparison: end -->", "comparison", "new"));
}

}  // namespace
}  // namespace slate::bench
