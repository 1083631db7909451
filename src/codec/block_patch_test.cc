// Cells that are replaced where they stand.
#include "codec/block_patch.h"

#include <gtest/gtest.h>
#include <random>

namespace slate {
namespace {

constexpr std::uint32_t kRows = 300;

// 1: texts of few values, some null. 2: ints from 100 to 349. 3: texts that are all different. 4: ints all
// equal.
std::string example() {
  ColumnBuffer few(Type::kString), numbers(Type::kInt), plain(Type::kString), equal(Type::kInt);
  const char* words[] = {"b", "dd", "f"};
  for (ColumnBuffer* column : {&few, &numbers, &plain, &equal}) column->resize(kRows);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    if (row % 10 != 9) few.set_text(row, words[row % 3]);
    if (row % 10 != 8) numbers.set_integer(row, 100 + row % 250);
    plain.set_text(row, "text " + std::to_string(row));
    equal.set_integer(row, 7);
  }
  BlockWriter writer(4096, kRows, {}, 4);
  writer.add(1, few, 0, kRows);
  writer.add(2, numbers, 0, kRows);
  writer.add(3, plain, 0, kRows);
  writer.add(4, equal, 0, kRows);
  return writer.finish();
}
BlockView verified(const std::string& bytes) {
  return BlockView::verify(std::as_bytes(std::span(bytes))).value();
}

TEST(BlockPatch, a_text_of_the_dictionary_and_a_number_within_the_width_replace_what_was_there) {
  const std::string base = example();
  BlockPatch patch(verified(base));
  EXPECT_FALSE(patch.is_changed());
  ASSERT_TRUE(patch.set_text(1, 0, "f"));
  ASSERT_TRUE(patch.set_integer(2, Type::kInt, 5, 100));
  ASSERT_TRUE(patch.set_integer(2, Type::kInt, 6, 355));  // beyond the greatest, within a byte
  EXPECT_EQ(patch.view().column(1, Type::kString).text(0), "f");
  EXPECT_EQ(patch.changed_rows().begin, 0U);
  EXPECT_EQ(patch.changed_rows().end, 7U);
  const std::string bytes = patch.finish();
  const BlockView block = verified(bytes);
  const BlockView before = verified(base);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (const ColumnEntry& entry : before.entries()) {
      Value expected = before.column(entry).value(row);
      if (entry.field == 1 && row == 0) expected = "f";
      if (entry.field == 2 && row == 5) expected = 100;
      if (entry.field == 2 && row == 6) expected = 355;
      EXPECT_EQ(block.column(entry.field, entry.type).value(row), expected) << entry.field << " of " << row;
    }
  }
  EXPECT_EQ(block.find(2)->minimum, 100u);
  EXPECT_EQ(block.find(2)->maximum, 355u);
  EXPECT_EQ(before.column(1, Type::kString).text(0), "b") << "the base is as it was";
}

TEST(BlockPatch, what_does_not_fit_is_refused_and_changes_nothing) {
  const std::string base = example();
  BlockPatch patch(verified(base));
  for (const char* other : {"", "a", "c", "e", "g", "d", "ddd"})
    EXPECT_FALSE(patch.set_text(1, 0, other)) << other;
  EXPECT_FALSE(patch.set_text(1, 9, "b")) << "the row is null";
  EXPECT_FALSE(patch.set_text(3, 0, "text 1")) << "the column has no dictionary";
  EXPECT_FALSE(patch.set_text(9, 0, "b")) << "there is no such column";
  EXPECT_FALSE(patch.set_text(2, 0, "b")) << "the column has numbers";
  for (const std::int64_t other :
       {std::int64_t{99}, std::int64_t{356}, std::int64_t{-1}, INT64_MIN, INT64_MAX})
    EXPECT_FALSE(patch.set_integer(2, Type::kInt, 0, other)) << other;
  EXPECT_FALSE(patch.set_integer(2, Type::kInt, 8, 120)) << "the row is null";
  EXPECT_FALSE(patch.set_integer(2, Type::kDate, 0, 120)) << "the column has another type";
  EXPECT_FALSE(patch.set_integer(4, Type::kInt, 0, 8)) << "all rows share one value";
  EXPECT_FALSE(patch.is_changed());
  EXPECT_TRUE(patch.set_integer(4, Type::kInt, 0, 7));
}

TEST(BlockPatch, numbers_of_every_width_up_to_the_ends_of_their_range) {
  struct Case {
    std::int64_t least, most, fits, too_much;
  };
  for (const Case& c : {Case{-10, 100, 245, 246}, Case{0, 1000, 65'535, 65'536},
                        Case{5, 100'000, 4'294'967'300, 4'294'967'301},
                        Case{INT64_MIN, INT64_MAX - 1, INT64_MAX, INT64_MAX}}) {
    ColumnBuffer column(Type::kInt);
    column.resize(3);
    column.set_integer(0, c.least);
    column.set_integer(1, c.most);
    column.set_integer(2, c.most);
    BlockWriter writer(0, 3, {}, 1);
    writer.add(1, column, 0, 3);
    const std::string base = writer.finish();
    BlockPatch patch(verified(base));
    if (c.too_much != c.fits) {
      EXPECT_FALSE(patch.set_integer(1, Type::kInt, 1, c.too_much));
    }
    ASSERT_TRUE(patch.set_integer(1, Type::kInt, 1, c.fits));
    const std::string bytes = patch.finish();
    const BlockView block = verified(bytes);
    EXPECT_EQ(block.column(1, Type::kInt).integer(1), c.fits);
    EXPECT_EQ(static_cast<std::int64_t>(block.find(1)->maximum), c.fits);
    EXPECT_EQ(block.column(1, Type::kInt).integer(2), c.most);
  }
}

}  // namespace
}  // namespace slate
