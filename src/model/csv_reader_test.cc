#include "model/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace slate {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Rows rows_of(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  Rows rows;
  for (;;) {
    const auto row = reader.next();
    EXPECT_TRUE(row.has_value()) << row.error().to_string();
    if (!row || !*row) break;
    std::vector<std::string>& cells = rows.emplace_back();
    for (const CsvCell& cell : (*row)->cells) cells.push_back(cell.text);
  }
  EXPECT_EQ(reader.bytes(), text.size());
  return rows;
}

std::string mistake_of(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  for (;;) {
    const auto row = reader.next();
    if (!row) return row.error().message();
    if (!*row) return "none";
  }
}

TEST(CsvReader, both_ends_of_lines_and_a_last_line_without_one) {
  const Rows expected{{"a", "b"}, {"1", "2"}};
  EXPECT_EQ(rows_of("a,b\r\n1,2\r\n"), expected);
  EXPECT_EQ(rows_of("a,b\n1,2\n"), expected);
  EXPECT_EQ(rows_of("a,b\n1,2"), expected);
  EXPECT_EQ(rows_of("a,b\n1,2\r"), expected);
}

TEST(CsvReader, cells_in_quotes_hold_commas_quotes_and_lines) {
  EXPECT_EQ(rows_of("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n"),
            (Rows{{"a,b", "say \"hi\"", "two\r\nlines"}}));
  EXPECT_EQ(rows_of("a\rb,c\n"), (Rows{{"a\rb", "c"}}));
}

TEST(CsvReader, nothing_is_told_from_an_empty_text) {
  std::istringstream in(",\"\",x\n");
  const auto row = CsvReader(in).next();
  ASSERT_TRUE(row && *row);
  EXPECT_THAT((*row)->cells,
              ElementsAre(CsvCell{}, CsvCell{.text = "", .is_quoted = true}, CsvCell{.text = "x"}));
}

TEST(CsvReader, blank_lines_and_a_byte_order_mark_are_passed_over) {
  EXPECT_EQ(rows_of("\xEF\xBB\xBF"
                    "a\n\n\r\nb\n\n"),
            (Rows{{"a"}, {"b"}}));
  EXPECT_THAT(rows_of(""), IsEmpty());
  EXPECT_THAT(rows_of("\n\n"), IsEmpty());
  EXPECT_EQ(rows_of("\"\"\n"), (Rows{{""}}));
  EXPECT_EQ(rows_of("\xEF\xBB,a\n"), (Rows{{"\xEF\xBB", "a"}}));
}

TEST(CsvReader, rows_know_the_line_that_they_begin_on) {
  std::istringstream in("a\n\n\"x\ny\nz\"\nb\n");
  CsvReader reader(in);
  EXPECT_EQ((*reader.next())->line, 1u);
  EXPECT_EQ((*reader.next())->line, 3u);
  EXPECT_EQ((*reader.next())->line, 6u);
}

TEST(CsvReader, mistakes_name_their_line) {
  EXPECT_EQ(mistake_of("a\nb,\"c\nd"), "line 2: a quote is never closed");
  EXPECT_EQ(mistake_of("a\n\"b\"c\n"), "line 2: a cell goes on behind its closing quote");
  EXPECT_EQ(mistake_of("a\nb\"c\n"), "line 2: a quote within a cell that does not begin with one");
  EXPECT_THAT(mistake_of("a\n" + std::string(CsvReader::kRowCells, ',')),
              HasSubstr("line 2: more than 4096"));
}

}  // namespace
}  // namespace slate
