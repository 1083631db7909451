#include "csv.h"

#include <gtest/gtest.h>
#include <sstream>

namespace file_loader {
namespace {

using Table = std::vector<std::vector<std::string>>;

// All records, or the error as the only cell.
Table read_all(const std::string& text) {
  std::istringstream input(text);
  CsvReader reader(input);
  Table table;
  std::vector<std::string> cells;
  for (;;) {
    const auto more = reader.read(cells);
    if (!more) return {{more.error()}};
    if (!*more) return table;
    table.push_back(cells);
  }
}

TEST(Csv, lines_end_in_lf_or_crlf_or_at_the_end_of_the_file) {
  const Table expected{{"a", "b"}, {"1", "2"}};
  EXPECT_EQ(read_all("a,b\n1,2\n"), expected);
  EXPECT_EQ(read_all("a,b\r\n1,2\r\n"), expected);
  EXPECT_EQ(read_all("a,b\n1,2"), expected);
}

TEST(Csv, quoted_cells_hold_commas_quotes_and_line_ends) {
  EXPECT_EQ(read_all("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\nnext,,\n"),
            (Table{{"a,b", "say \"hi\"", "two\r\nlines"}, {"next", "", ""}}));
}

TEST(Csv, empty_cells_and_empty_lines_are_told_apart) {
  EXPECT_EQ(read_all("a,b\n\n,\n\r\n\"\"\n"), (Table{{"a", "b"}, {"", ""}, {""}}));
  EXPECT_EQ(read_all(""), Table{});
  EXPECT_EQ(read_all("a,"), (Table{{"a", ""}}));
}

TEST(Csv, a_byte_order_mark_is_skipped) { EXPECT_EQ(read_all("\xEF\xBB\xBFid\n"), (Table{{"id"}})); }

TEST(Csv, a_lone_carriage_return_is_data) { EXPECT_EQ(read_all("a\rb,c\n"), (Table{{"a\rb", "c"}})); }

TEST(Csv, malformed_quotes_are_reported_with_their_line) {
  EXPECT_EQ(read_all("a\n\"b"), (Table{{"line 2: a quoted cell does not end"}}));
  EXPECT_EQ(read_all("a\nb\"c\n"), (Table{{"line 2: a quote inside a cell that does not begin with one"}}));
  EXPECT_EQ(read_all("\"x\ny\"\n\"a\"b\n"),
            (Table{{"line 3: expected a comma or the end of the line after a quoted cell"}}));
}

}  // namespace
}  // namespace file_loader
