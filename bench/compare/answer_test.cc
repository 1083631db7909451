#include "bench/compare/answer.h"

#include <array>
#include <gtest/gtest.h>

namespace slate::bench::compare {
namespace {

constexpr std::array<std::size_t, 1> kSecondColumn{1};

struct Row {
  std::string_view name;
  std::int64_t count = 0;
};

Answer check(std::span<const Row> rows) {
  CellCheck check(kSecondColumn);
  for (const Row& row : rows) {
    check.text(row.name);
    check.integer(row.count);
    check.end_row();
  }
  return check.answer();
}

TEST(CellCheck, the_checksum_does_not_depend_on_the_order_of_rows) {
  const auto one = check(std::array<Row, 2>{{{"a", 1}, {"b", 2}}});
  const auto other = check(std::array<Row, 2>{{{"b", 2}, {"a", 1}}});
  EXPECT_EQ(one.checksum, other.checksum);
  EXPECT_EQ(one.folded, other.folded);
  EXPECT_NE(one.keys, other.keys);
}

TEST(CellCheck, cells_that_changed_rows_change_the_checksum) {
  const auto one = check(std::array<Row, 2>{{{"a", 1}, {"b", 2}}});
  const auto other = check(std::array<Row, 2>{{{"a", 2}, {"b", 1}}});
  EXPECT_NE(one.checksum, other.checksum);
  EXPECT_EQ(one.folded, other.folded);
}

TEST(CellCheck, keys_see_only_their_columns) {
  EXPECT_EQ(check(std::array<Row, 1>{{{"a", 1}}}).keys, check(std::array<Row, 1>{{{"b", 1}}}).keys);
  EXPECT_NE(check(std::array<Row, 1>{{{"a", 1}}}).keys, check(std::array<Row, 1>{{{"a", 2}}}).keys);
}

TEST(CellCheck, nulls_zeroes_and_empty_texts_differ) {
  CellCheck null, zero, empty;
  null.null();
  zero.integer(0);
  empty.text("");
  null.end_row();
  zero.end_row();
  empty.end_row();
  EXPECT_NE(null.answer().checksum, zero.answer().checksum);
  EXPECT_NE(null.answer().checksum, empty.answer().checksum);
  EXPECT_NE(zero.answer().checksum, empty.answer().checksum);
}

TEST(CellCheck, rows_are_told_from_cells) {
  CellCheck one, two;
  one.text("a");
  one.text("a");
  one.end_row();
  two.text("a");
  two.end_row();
  two.text("a");
  two.end_row();
  EXPECT_NE(one.answer().checksum, two.answer().checksum);
}

TEST(CellFold, folds_what_the_check_folds) {
  CellFold fold;
  CellCheck check;
  const auto feed = [](auto& reader) {
    reader.text("hello");
    reader.integer(-3);
    reader.null();
    reader.end_row();
  };
  feed(fold);
  feed(check);
  EXPECT_EQ(fold.answer().folded, check.answer().folded);
  EXPECT_EQ(fold.answer().rows, check.answer().rows);
  EXPECT_EQ(fold.answer().folded, 5U + 'h' + 'o' - 3);
}

}  // namespace
}  // namespace slate::bench::compare
