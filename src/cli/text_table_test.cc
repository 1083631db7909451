#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace slate::cli {
namespace {

TEST(TextTable, columns_are_as_wide_as_their_widest_cell) {
  EXPECT_EQ(
      render_table({{"NAME"}, {"ROWS", Align::kRight}, {"T"}}, {{"a", "12345", "x"}, {"longer", "7", ""}}),
      "NAME     ROWS  T\n"
      "a       12345  x\n"
      "longer      7\n");
}

TEST(TextTable, a_short_row_leaves_its_last_columns_empty) {
  EXPECT_EQ(render_table({{"A"}, {"B"}}, {{"x"}}), "A  B\nx\n");
}

TEST(TextTable, letters_beyond_ascii_keep_columns_aligned) {
  EXPECT_EQ(render_table({{"N"}, {"M"}}, {{"é", "1"}, {"東京", "2"}}), "N     M\né     1\n東京  2\n");
}

TEST(TextTable, as_markdown_it_has_a_cell_for_each_column) {
  EXPECT_EQ(render_markdown({{"NAME"}, {"ROWS", Align::kRight}}, {{"a", "1"}, {"", "2"}, {"b"}}),
            "| NAME | ROWS |\n"
            "| --- | ---: |\n"
            "| a | 1 |\n"
            "| | 2 |\n"
            "| b | |\n");
}

TEST(DisplayWidth, counts_terminal_columns) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Zürich"), 6U);
  EXPECT_EQ(display_width("東京"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // a combining accent
}

TEST(Printable, text_cannot_steer_the_terminal) {
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // a C1 control
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "abc"),
            "\\xe2\\x80\\xae"
            "abc");  // right-to-left override
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, bytes_that_are_no_text_are_shown_as_bytes) {
  EXPECT_EQ(printable("a\xff"), "a\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xf0\x9f"), "\\xf0\\x9f");
}

TEST(Printable, long_text_is_cut_between_characters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcde…");
  EXPECT_EQ(printable("東京東京", 6), "東京…");
  EXPECT_LE(display_width(printable("abc\x1b\x1b", 6)), 6U);
}

}  // namespace
}  // namespace slate::cli
