#include "exec/gathered_column.h"

#include <gtest/gtest.h>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "codec/block.h"

namespace slate {
namespace {

using Cells = std::vector<std::optional<std::string>>;

// A block of one text column.
class TextBlock {
 public:
  explicit TextBlock(const Cells& cells) : rows_(cells.size()) {
    ColumnBuffer buffer(Type::kString);
    buffer.resize(rows_);
    for (std::size_t row = 0; row < rows_; ++row)
      if (cells[row]) buffer.set_text(row, *cells[row]);
    BlockWriter writer(0, static_cast<std::uint32_t>(rows_), {}, 1);
    writer.add(1, buffer, 0, rows_);
    bytes_ = writer.finish();
    view_ = aligned_block(bytes_, copy_).data();
  }
  ColumnView column() const { return BlockView::trusted(view_).column(1, Type::kString); }
  std::size_t rows() const { return rows_; }

 private:
  std::size_t rows_;
  std::string bytes_;
  std::unique_ptr<std::uint64_t[]> copy_;
  const std::byte* view_ = nullptr;
};

Cells read(const ColumnView& column, std::size_t rows) {
  Cells cells;
  for (std::size_t row = 0; row < rows; ++row)
    cells.push_back(column.is_null(row) ? std::nullopt : std::optional(std::string(column.text(row))));
  return cells;
}

Cells cells_of(std::size_t rows, std::size_t distinct, std::size_t length) {
  Cells cells;
  for (std::size_t row = 0; row < rows; ++row)
    cells.push_back(row % 5 == 2 ? std::nullopt
                                 : std::optional(std::to_string(row % distinct) + std::string(length, 'x')));
  return cells;
}

// Few values, many, and texts too long to be copied with their whole column.
TEST(GatheredColumn, texts_of_blocks_of_every_kind_come_where_they_belong) {
  const std::vector<Cells> kinds = {cells_of(200, 3, 4), cells_of(200, 1000, 4), cells_of(200, 1000, 700),
                                    Cells(200)};
  for (const std::size_t step : {1, 3, 50}) {
    std::vector<TextBlock> blocks;
    for (const Cells& kind : kinds) blocks.emplace_back(kind);
    GatheredColumn gathered(Type::kString);
    for (int round = 0; round < 2; ++round) {  // the second one in the memory of the first
      std::vector<std::uint16_t> rows;
      for (std::size_t row = 0; row < 200; row += step) rows.push_back(static_cast<std::uint16_t>(row));
      const std::size_t all = rows.size() * kinds.size();
      gathered.start(all);
      Cells expected(all);
      for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        std::vector<std::uint32_t> places;  // from the end, one in so many
        for (std::size_t i = 0; i < rows.size(); ++i) {
          places.push_back(static_cast<std::uint32_t>(all - 1 - i * kinds.size() - kind));
          expected[places.back()] = kinds[kind][rows[i]];
        }
        gathered.add(blocks[kind].column(), blocks[kind].rows(), {.rows = rows, .places = places});
      }
      EXPECT_EQ(read(gathered.view(0), all), expected);
      if (all > 64) {
        EXPECT_EQ(read(gathered.view(64), all - 64), Cells(expected.begin() + 64, expected.end()));
      }
    }
  }
}

TEST(GatheredColumn, numbers_of_every_width_come_where_they_belong) {
  for (const std::int64_t spread : {std::int64_t{0}, std::int64_t{100}, std::int64_t{40'000},
                                    std::int64_t{1} << 30, std::int64_t{1} << 60}) {
    ColumnBuffer buffer(Type::kInt);
    buffer.resize(8);
    for (std::size_t row = 0; row < 7; ++row)
      buffer.set_integer(row, -5 + spread / 7 * static_cast<std::int64_t>(row));
    BlockWriter writer(0, 8, {}, 1);
    writer.add(1, buffer, 0, 8);
    const std::string bytes = writer.finish();
    std::unique_ptr<std::uint64_t[]> copy;
    const ColumnView from = BlockView::trusted(aligned_block(bytes, copy).data()).column(1, Type::kInt);
    GatheredColumn gathered(Type::kInt);
    gathered.start(8);
    const std::vector<std::uint16_t> rows = {0, 1, 2, 3, 4, 5, 6, 7};
    const std::vector<std::uint32_t> places = {7, 6, 5, 4, 3, 2, 1, 0};
    gathered.add(from, 8, {.rows = rows, .places = places});
    const ColumnView got = gathered.view(0);
    EXPECT_TRUE(got.is_null(0));
    for (std::size_t row = 0; row < 7; ++row) {
      ASSERT_FALSE(got.is_null(7 - row));
      EXPECT_EQ(got.integer(7 - row), buffer.integer(row));
    }
  }
}

TEST(GatheredColumn, a_column_without_nulls_says_so) {
  ColumnBuffer buffer(Type::kFloat);
  buffer.resize(2);
  buffer.set_real(0, 0.5);
  buffer.set_real(1, -2);
  BlockWriter writer(0, 2, {}, 1);
  writer.add(1, buffer, 0, 2);
  const std::string bytes = writer.finish();
  std::unique_ptr<std::uint64_t[]> copy;
  GatheredColumn gathered(Type::kFloat);
  gathered.start(2);
  const std::vector<std::uint16_t> rows = {0, 1};
  const std::vector<std::uint32_t> places = {1, 0};
  gathered.add(BlockView::trusted(aligned_block(bytes, copy).data()).column(1, Type::kFloat), 2,
               {.rows = rows, .places = places});
  EXPECT_EQ(gathered.view(0).validity, nullptr);
  EXPECT_EQ(gathered.view(0).real(0), -2);
  EXPECT_EQ(gathered.view(0).real(1), 0.5);
}

}  // namespace
}  // namespace slate
