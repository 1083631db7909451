#include "codec/block.h"

#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <xxhash.h>

#include "codec/list_cell.h"

namespace slate {
namespace {

// Owns a block's bytes, aligned as the store aligns them.
struct Block {
  std::string bytes;
  std::span<const std::byte> span() const {
    return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
  }
  BlockView view() const { return BlockView::verify(span()).value(); }
};

Block one_column(const ColumnBuffer& column, std::size_t rows) {
  BlockWriter writer(1000, static_cast<std::uint32_t>(rows), {}, 4);
  writer.add(7, column, 0, rows);
  return {writer.finish()};
}

TEST(Block, integers_take_the_narrowest_width_that_holds_their_range) {
  struct Case {
    std::int64_t low, high;
    int width;
  };
  for (const Case& c : {Case{5, 5, 0}, Case{-3, 252, 1}, Case{0, 256, 2}, Case{0, 70'000, 4},
                        Case{INT64_MIN, INT64_MAX, 8}, Case{0, std::int64_t{1} << 40, 8}}) {
    ColumnBuffer column(Type::kInt);
    column.resize(3);
    column.set_integer(0, c.low);
    column.set_integer(1, c.high);
    column.set_integer(2, c.low);
    const Block block = one_column(column, 3);
    const ColumnView view = block.view().column(7, Type::kInt);
    EXPECT_EQ(view.width, c.width);
    EXPECT_EQ(view.integer(0), c.low);
    EXPECT_EQ(view.integer(1), c.high);
    EXPECT_EQ(view.integer(2), c.low);
  }
}

TEST(Block, repeated_texts_become_a_sorted_dictionary) {
  ColumnBuffer column(Type::kString);
  column.resize(200);
  const char* words[] = {"rejected", "active", ""};
  for (std::size_t row = 0; row < 200; ++row) column.set_text(row, words[row % 3]);
  const Block block = one_column(column, 200);
  const ColumnView view = block.view().column(7, Type::kString);
  ASSERT_EQ(view.encoding, Encoding::kDictionary);
  ASSERT_EQ(view.dictionary_size, 3u);
  EXPECT_EQ(view.dictionary(0), "");
  EXPECT_EQ(view.dictionary(1), "active");
  EXPECT_EQ(view.dictionary(2), "rejected");
  for (std::size_t row = 0; row < 200; ++row) EXPECT_EQ(view.text(row), words[row % 3]);
}

TEST(Block, a_text_column_of_one_value_takes_no_codes) {
  ColumnBuffer column(Type::kString);
  column.resize(100);
  for (std::size_t row = 0; row < 100; ++row) column.set_text(row, "same");
  const Block block = one_column(column, 100);
  EXPECT_EQ(block.view().column(7, Type::kString).width, 0);
  EXPECT_EQ(block.view().column(7, Type::kString).text(99), "same");
}

TEST(Block, an_all_null_column_is_left_out_and_reads_as_null) {
  ColumnBuffer column(Type::kFloat);
  column.resize(10);
  const Block block = one_column(column, 10);
  EXPECT_TRUE(block.view().entries().empty());
  EXPECT_TRUE(block.view().column(7, Type::kFloat).is_null(3));
}

TEST(Block, bounds_cover_the_values_of_each_type) {
  ColumnBuffer texts(Type::kString);
  texts.resize(2);
  texts.set_text(0, "abcdefghij");
  texts.set_text(1, "zz");
  const Block block = one_column(texts, 2);
  const ColumnEntry* entry = block.view().find(7);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->minimum, text_prefix("abcdefgh"));
  EXPECT_EQ(entry->maximum, text_prefix("zz"));
}

struct RandomColumns {
  ColumnBuffer integers{Type::kInt};
  ColumnBuffer reals{Type::kFloat};
  ColumnBuffer texts{Type::kString};

  RandomColumns(std::mt19937_64& random, std::size_t rows) {
    for (auto* column : {&integers, &reals, &texts}) column->resize(rows);
    const std::uint64_t spread = std::uint64_t{1} << (random() % 63);
    const std::size_t words = 1 + random() % 400;
    for (std::size_t row = 0; row < rows; ++row) {
      if (random() % 4 != 0) integers.set_integer(row, static_cast<std::int64_t>(random() % spread) - 77);
      if (random() % 4 != 0) reals.set_real(row, static_cast<double>(random() % 1000) / 8);
      if (random() % 4 != 0)
        texts.set_text(row, std::string(random() % 9, 'a') + std::to_string(random() % words));
    }
  }
};

TEST(Block, random_columns_read_back_as_written) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 100; ++round) {
    const std::size_t rows = 1 + random() % kBlockMaxRows;
    const RandomColumns columns(random, rows);
    BlockWriter writer(0, static_cast<std::uint32_t>(rows), {}, 3);
    writer.add(1, columns.integers, 0, rows);
    writer.add(2, columns.reals, 0, rows);
    writer.add(9, columns.texts, 0, rows);
    const Block block{writer.finish()};
    const BlockView view = block.view();
    const ColumnView integers = view.column(1, Type::kInt);
    const ColumnView reals = view.column(2, Type::kFloat);
    const ColumnView texts = view.column(9, Type::kString);
    for (std::size_t row = 0; row < rows; ++row) {
      ASSERT_EQ(integers.is_null(row), columns.integers.is_null(row));
      if (!integers.is_null(row)) {
        ASSERT_EQ(integers.integer(row), columns.integers.integer(row));
      }
      ASSERT_EQ(reals.is_null(row), columns.reals.is_null(row));
      if (!reals.is_null(row)) {
        ASSERT_EQ(reals.real(row), columns.reals.real(row));
      }
      ASSERT_EQ(texts.is_null(row), columns.texts.is_null(row));
      if (!texts.is_null(row)) {
        ASSERT_EQ(texts.text(row), columns.texts.text(row));
      }
    }
  }
}

// Texts in every order in which they can lie: as read from a block, and with cells replaced since.
TEST(Block, a_column_that_was_read_and_changed_encodes_like_one_that_was_set) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 100; ++round) {
    const std::size_t rows = 1 + random() % 300;
    const std::size_t distinct = 1 + random() % 400;
    ColumnBuffer set(Type::kString);
    set.resize(rows);
    const auto text = [&] {
      const std::size_t i = random() % distinct;
      return std::string(i % 24, 'a') + std::to_string(i % 7) + std::string(i % 5, 'b');
    };
    for (std::size_t row = 0; row < rows; ++row)
      if (random() % 5 != 0) set.set_text(row, text());
    const Block block = one_column(set, rows);
    ColumnBuffer read(Type::kString);
    read.load(block.view().column(7, Type::kString), rows);
    ASSERT_EQ(one_column(read, rows).bytes, block.bytes);
    ASSERT_EQ(read.text_bytes(), set.text_bytes());
    for (int change = 0; change < 3; ++change) {
      const std::size_t row = random() % rows;
      const std::string now = text();
      if (random() % 4 == 0) {
        read.set_null(row);
        set.set_null(row);
      } else {
        read.set_text(row, now);
        set.set_text(row, now);
      }
      ASSERT_EQ(one_column(read, rows).bytes, one_column(set, rows).bytes);
      ASSERT_EQ(read.text_bytes(), set.text_bytes());
    }
  }
}

TEST(Block, numbers_that_were_read_encode_to_the_same_bytes) {
  std::mt19937_64 random(22);
  for (int round = 0; round < 50; ++round) {
    const std::size_t rows = 1 + random() % 300;
    const RandomColumns columns(random, rows);
    for (const ColumnBuffer* column : {&columns.integers, &columns.reals}) {
      const Block block = one_column(*column, rows);
      ColumnBuffer read(column->type());
      read.load(block.view().column(7, column->type()), rows);
      ASSERT_EQ(one_column(read, rows).bytes, block.bytes);
    }
  }
}

TEST(Block, the_prefix_of_a_text_is_its_first_eight_bytes_zero_padded) {
  const std::string whole = {'\xff', 'b', '\0', 'd', '\x80', 'z', 'g', '\1', 'i'};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < 8; ++i)
      expected = expected << 8 | (i < size ? static_cast<std::uint8_t>(whole[i]) : 0u);
    EXPECT_EQ(text_prefix(std::string_view(whole).substr(0, size)), expected) << size;
  }
}

TEST(Block, part_of_the_rows_encodes_like_those_rows_alone) {
  std::mt19937_64 random(5);
  const RandomColumns columns(random, 300);
  BlockWriter writer(0, 100, {}, 1);
  writer.add(9, columns.texts, 150, 250);
  const Block block{writer.finish()};
  const ColumnView texts = block.view().column(9, Type::kString);
  for (std::size_t row = 0; row < 100; ++row) {
    ASSERT_EQ(texts.is_null(row), columns.texts.is_null(150 + row));
    if (!texts.is_null(row)) {
      ASSERT_EQ(texts.text(row), columns.texts.text(150 + row));
    }
  }
}

TEST(Block, copied_columns_equal_their_source) {
  std::mt19937_64 random(3);
  const RandomColumns columns(random, 64);
  BlockWriter writer(0, 64, {}, 2);
  writer.add(1, columns.integers, 0, 64);
  writer.add(9, columns.texts, 0, 64);
  const Block source{writer.finish()};
  BlockWriter again(0, 64, {}, 2);
  for (const ColumnEntry& entry : source.view().entries()) again.copy(source.view(), entry);
  EXPECT_EQ(again.finish(), source.bytes);
}

TEST(Block, dead_rows_are_counted_out) {
  ColumnBuffer column(Type::kInt);
  column.resize(70);
  for (std::size_t row = 0; row < 70; ++row) column.set_integer(row, 1);
  const std::uint64_t live[] = {~std::uint64_t{0} << 1, 0x1f};
  BlockWriter writer(0, 70, live, 1);
  writer.add(7, column, 0, 70);
  const Block block{writer.finish()};
  EXPECT_EQ(block.view().live_count(), 68u);
  EXPECT_FALSE(block.view().is_live(0));
  EXPECT_TRUE(block.view().is_live(68));
  EXPECT_FALSE(block.view().is_live(69));
}

TEST(Block, every_flipped_byte_is_detected) {
  std::mt19937_64 random(2);
  const RandomColumns columns(random, 20);
  BlockWriter writer(0, 20, {}, 2);
  writer.add(1, columns.integers, 0, 20);
  writer.add(9, columns.texts, 0, 20);
  const std::string bytes = writer.finish();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Block damaged{bytes};
    damaged.bytes[at] = static_cast<char>(damaged.bytes[at] ^ 0x20);
    const auto view = BlockView::verify(damaged.span());
    ASSERT_FALSE(view.has_value()) << "byte " << at;
    ASSERT_EQ(view.error().reason(), Reason::kCorrupt);
  }
}

// Damage with a checksum that fits: only the checks of the structure stand between it and the reader.
TEST(Block, damage_behind_a_valid_checksum_never_leads_out_of_the_block) {
  std::mt19937_64 random(9);
  const RandomColumns columns(random, 130);
  BlockWriter writer(0, 130, {}, 3);
  writer.add(1, columns.integers, 0, 130);
  writer.add(2, columns.reals, 0, 130);
  writer.add(9, columns.texts, 0, 130);
  const std::string bytes = writer.finish();
  std::size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    Block damaged{bytes};
    for (int i = 0; i < 3; ++i)
      damaged.bytes[16 + random() % (bytes.size() - 16)] = static_cast<char>(random());
    const std::uint64_t sum = XXH64(damaged.bytes.data() + 16, bytes.size() - 16, 0);
    std::memcpy(damaged.bytes.data() + 8, &sum, 8);
    const auto view = BlockView::verify(damaged.span());
    if (!view) continue;
    ++accepted;
    std::size_t read = 0;
    for (const ColumnEntry& entry : view->entries()) {
      const ColumnView column = view->column(entry);
      for (std::size_t row = 0; row < view->row_count(); ++row) read += column.value(row).kind().size();
    }
    EXPECT_GT(read, 0u);
  }
  EXPECT_GT(accepted, 0u);
}

TEST(ListCell, nested_values_read_back_as_written) {
  const ListValue list{Value("a"),
                       Value(std::int64_t{-5}),
                       Value(1.5),
                       Value(true),
                       Value(Date{86400}),
                       Value(),
                       Value(ListValue{Value("b")}),
                       Value(MapValue{{"k", Value(2)}})};
  std::string bytes;
  encode_list(list, bytes);
  EXPECT_EQ(decode_list(bytes).value(), list);
}

TEST(ListCell, truncated_bytes_are_corrupt) {
  std::string bytes;
  encode_list({Value("hello"), Value(7)}, bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_list(std::string_view(bytes).substr(0, size)).has_value()) << size;
}

TEST(ListCell, the_reader_walks_scalars_in_order) {
  std::string bytes;
  encode_list({Value("x"), Value("y")}, bytes);
  ListReader reader(bytes);
  EXPECT_EQ(reader.next()->text, "x");
  EXPECT_EQ(reader.next()->text, "y");
  EXPECT_FALSE(reader.next().has_value());
}

// The worked example of the format page, byte by byte.
TEST(Block, golden_vector_of_the_format_page_holds) {
  ColumnBuffer ids(Type::kString);
  ColumnBuffer counts(Type::kInt);
  ids.resize(3);
  counts.resize(3);
  ids.set_text(0, "r1");
  ids.set_text(1, "r2");
  ids.set_text(2, "r3");
  counts.set_integer(0, -1);
  counts.set_integer(2, 300);
  BlockWriter writer(256, 3, {}, 2);
  writer.add(0, ids, 0, 3);
  writer.add(1, counts, 0, 3);
  const std::string bytes = writer.finish();
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    dump += fmt::format("{:04x} ", at);
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i)
      dump += fmt::format(" {:02x}", static_cast<unsigned char>(bytes[i]));
    dump += '\n';
  }
  std::ifstream file(SLATE_SOURCE_DIR "/docs/formats/block.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(page.find(dump), std::string::npos) << dump;
}

}  // namespace
}  // namespace slate
