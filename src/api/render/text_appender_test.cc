#include "api/render/text_appender.h"

#include <gtest/gtest.h>

namespace slate::api {
namespace {

TEST(TextAppender, pieces_of_every_kind_stand_one_behind_the_other) {
  std::string text = "before ";
  {
    TextAppender out(text);
    out.append('a');
    out.append("bc");
    out.append("");
    char* const to = out.room(100);
    to[0] = 'd';
    out.passed(1);
    out.append_by([](std::string& so_far) {
      EXPECT_EQ(so_far, "before abcd");
      so_far += "e";
    });
    out.append("f");
    EXPECT_EQ(out.size(), 13);
  }
  EXPECT_EQ(text, "before abcdef");
}

TEST(TextAppender, text_grows_over_what_the_string_has_room_for) {
  std::string text, expected;
  {
    TextAppender out(text);
    for (std::size_t size = 0; size < 300; ++size) {
      const std::string piece(size, static_cast<char>('a' + size % 26));
      out.append(piece);
      expected += piece;
    }
  }
  EXPECT_EQ(text, expected);
}

TEST(TextAppender, a_string_that_nothing_was_appended_to_is_as_it_was) {
  std::string text = "as it was";
  {
    TextAppender out(text);
    out.room(1'000);
  }
  EXPECT_EQ(text, "as it was");
}

}  // namespace
}  // namespace slate::api
