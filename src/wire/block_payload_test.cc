#include "wire/block_payload.h"

#include <cstring>
#include <gtest/gtest.h>
#include <numeric>

#include "codec/block.h"
#include "codec/list_cell.h"
#include "wire/block_appender.h"

namespace slate::wire {
namespace {

constexpr std::size_t kRows = 300;

const std::vector<ResultColumn> kColumns{
    {.field = "name", .type = Type::kString, .items = {}},
    {.field = "status", .type = Type::kString, .items = {}},
    {.field = "count", .type = Type::kInt, .items = {}},
    {.field = "score", .type = Type::kFloat, .items = {}},
    {.field = "open", .type = Type::kBool, .items = {}},
    {.field = "day", .type = Type::kDate, .items = {}},
    {.field = "nothing", .type = Type::kInt, .items = {}},
    {.field = "same", .type = Type::kInt, .items = {}},
    {.field = "tags", .type = Type::kList, .items = {Field{.name = "", .type = Type::kString}}}};

// A stored block and its columns, as a query hands them out.
struct StoredBlock {
  std::vector<std::uint64_t> aligned;
  ColumnView id;
  std::vector<ColumnView> columns;

  explicit StoredBlock(std::size_t text_bytes = 0) {
    std::vector<ColumnBuffer> buffers;
    buffers.emplace_back(Type::kString);
    for (const ResultColumn& column : kColumns) buffers.emplace_back(column.type);
    for (ColumnBuffer& buffer : buffers) buffer.resize(kRows);
    for (std::size_t row = 0; row < kRows; ++row) {
      buffers[0].set_text(row, "r" + std::to_string(row));
      buffers[1].set_text(row, "name " + std::to_string(row * 7919) + std::string(text_bytes, 'x'));
      if (row % 5 != 0) buffers[2].set_text(row, row % 2 == 0 ? "active" : "rejected");
      if (row % 7 != 0) buffers[3].set_integer(row, static_cast<std::int64_t>(row) * 1000 - 5);
      if (row % 3 != 0) buffers[4].set_real(row, static_cast<double>(row) / 8);
      buffers[5].set_integer(row, row % 2 == 0 ? 1 : 0);
      if (row % 64 != 63) buffers[6].set_integer(row, static_cast<std::int64_t>(row) << 33);
      buffers[8].set_integer(row, 42);
      std::string list;
      encode_list({Value("t" + std::to_string(row)), Value()}, list);
      if (row % 2 == 0) buffers[9].set_text(row, list);
    }
    BlockWriter writer(0, kRows, {}, buffers.size());
    for (std::size_t i = 0; i < buffers.size(); ++i)
      writer.add(static_cast<FieldId>(i), buffers[i], 0, kRows);
    const std::string bytes = writer.finish();
    aligned.resize((bytes.size() + 7) / 8);
    std::memcpy(aligned.data(), bytes.data(), bytes.size());
    const auto block =
        BlockView::verify({reinterpret_cast<const std::byte*>(aligned.data()), bytes.size()}).value();
    id = block.column(0, Type::kString);
    for (std::size_t i = 0; i < kColumns.size(); ++i)
      columns.push_back(block.column(static_cast<FieldId>(i + 1), kColumns[i].type));
  }

  Batch batch(std::span<const std::uint16_t> rows) const {
    return {.id = id, .columns = columns, .rows = rows};
  }
};

std::vector<Record> records(const Batch& batch) {
  std::vector<Record> all;
  for (std::size_t i = 0; i < batch.size(); ++i) all.push_back(to_record(kColumns, batch, i));
  return all;
}

// At an address that is a multiple of 8.
std::vector<std::uint64_t> aligned_copy(const std::string& bytes) {
  std::vector<std::uint64_t> copy((bytes.size() + 7) / 8);
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

std::vector<Record> read_back(const std::string& payload) {
  const auto copy = aligned_copy(payload);
  BlockReader reader({reinterpret_cast<const char*>(copy.data()), payload.size()}, kColumns);
  std::vector<Record> all;
  for (;;) {
    const auto batch = reader.next();
    EXPECT_TRUE(batch.has_value()) << batch.error().to_string();
    if (!batch || *batch == nullptr) return all;
    for (Record& record : records(**batch)) all.push_back(std::move(record));
  }
}

void expect_same(const std::vector<Record>& got, const std::vector<Record>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].id, expected[i].id);
    EXPECT_EQ(got[i].cells, expected[i].cells) << i;
  }
}

std::vector<std::uint16_t> range(std::size_t from, std::size_t to, std::size_t step = 1) {
  std::vector<std::uint16_t> rows;
  for (std::size_t row = from; row < to; row += step) rows.push_back(static_cast<std::uint16_t>(row));
  return rows;
}

void expect_rows_survive(const std::vector<std::uint16_t>& rows) {
  const StoredBlock block;
  std::string payload;
  append_blocks(block.batch(rows), payload);
  expect_same(read_back(payload), records(block.batch(rows)));
}

TEST(BlockPayload, a_whole_block_comes_back) { expect_rows_survive(range(0, kRows)); }
TEST(BlockPayload, a_stretch_from_the_middle_comes_back) { expect_rows_survive(range(130, 290)); }
TEST(BlockPayload, a_stretch_with_few_rows_missing_comes_back) {
  auto rows = range(64, kRows);
  rows.erase(rows.begin() + 17);
  rows.erase(rows.begin() + 90);
  expect_rows_survive(rows);
}
TEST(BlockPayload, rows_picked_here_and_there_come_back) { expect_rows_survive(range(3, kRows, 3)); }
TEST(BlockPayload, rows_out_of_order_come_back_in_their_order) { expect_rows_survive({299, 0, 17, 16, 230}); }
TEST(BlockPayload, one_row_comes_back) { expect_rows_survive({77}); }

// Rows of the block, in batches of these sizes, again and again.
void expect_batches_survive(const std::vector<std::size_t>& sizes, std::size_t count) {
  const StoredBlock block;
  std::string payload;
  BlockAppender appender;
  std::vector<Record> expected;
  for (std::size_t i = 0; expected.size() < count; ++i) {
    std::vector<std::uint16_t> rows;
    for (std::size_t k = 0; k < sizes[i % sizes.size()]; ++k)
      rows.push_back(static_cast<std::uint16_t>((expected.size() * 7 + k * 11) % kRows));
    const Batch batch = block.batch(rows);
    appender.add(batch, payload);
    for (Record& record : records(batch)) expected.push_back(std::move(record));
  }
  appender.flush(payload);
  EXPECT_EQ(appender.bytes(), 0u);
  expect_same(read_back(payload), expected);
}

TEST(BlockAppender, batches_of_few_rows_come_back_in_their_order) {
  expect_batches_survive({1, 2, 1, 3}, 200);
  expect_batches_survive({1}, 3'000);
  expect_batches_survive({31}, 100);
}
TEST(BlockAppender, batches_of_few_and_of_many_rows_come_back_in_their_order) {
  expect_batches_survive({1, 200, 5, 5, 32, 1}, 2'000);
}
TEST(BlockAppender, rows_of_many_batches_share_a_block) {
  const StoredBlock block;
  std::string payload;
  BlockAppender appender;
  for (std::uint16_t row = 0; row < 200; ++row) appender.add(block.batch(std::span(&row, 1)), payload);
  EXPECT_TRUE(payload.empty());
  appender.flush(payload);
  const auto copy = aligned_copy(payload);
  const auto view =
      BlockView::verify({reinterpret_cast<const std::byte*>(copy.data()), payload.size()}, Checksum::kNone);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->row_count(), 200u);
}
TEST(BlockAppender, columns_whose_values_come_and_go_come_back) {
  const StoredBlock block;
  std::vector<ColumnView> absent;
  for (const ResultColumn& column : kColumns) absent.push_back({.type = column.type});
  std::string payload;
  BlockAppender appender;
  std::vector<Record> expected;
  for (std::uint16_t row = 0; row < 100; ++row) {
    Batch batch = block.batch(std::span(&row, 1));
    if (row % 3 != 1) batch.columns = absent;
    appender.add(batch, payload);
    for (Record& record : records(batch)) expected.push_back(std::move(record));
  }
  appender.flush(payload);
  expect_same(read_back(payload), expected);
}
TEST(BlockAppender, what_is_forgotten_is_not_appended) {
  const StoredBlock block;
  std::string payload;
  BlockAppender appender;
  const std::uint16_t row = 7;
  appender.add(block.batch(std::span(&row, 1)), payload);
  appender.clear();
  appender.flush(payload);
  EXPECT_EQ(payload, "");
}

TEST(BlockPayload, a_dictionary_of_more_strings_than_rows_is_not_sent) {
  const StoredBlock block;
  std::string payload;
  append_blocks(block.batch(range(1, 2)), payload);
  const auto copy = aligned_copy(payload);
  const auto view =
      BlockView::verify({reinterpret_cast<const std::byte*>(copy.data()), payload.size()}, Checksum::kNone);
  EXPECT_EQ(view.value().find(2)->encoding, Encoding::kPlain);
}

TEST(BlockPayload, several_blocks_stand_one_behind_the_other) {
  const StoredBlock block;
  std::string payload;
  const auto first = range(0, 10);
  const auto second = range(200, 300);
  append_blocks(block.batch(first), payload);
  append_blocks(block.batch(second), payload);
  auto expected = records(block.batch(first));
  for (Record& record : records(block.batch(second))) expected.push_back(std::move(record));
  expect_same(read_back(payload), expected);
}

TEST(BlockPayload, wide_rows_are_split_into_blocks_of_the_limit) {
  const StoredBlock block(5000);
  std::string payload;
  const auto rows = range(0, kRows);
  append_blocks(block.batch(rows), payload);
  EXPECT_GT(payload.size(), kBlockBytes);
  expect_same(read_back(payload), records(block.batch(rows)));
  std::size_t blocks = 0;
  for (std::size_t at = 0; at < payload.size(); ++blocks) {
    std::uint32_t size = 0;
    std::memcpy(&size, payload.data() + at + 4, sizeof(size));
    EXPECT_LE(size, kBlockBytes);
    at += size;
  }
  EXPECT_GT(blocks, 4u);
}

TEST(BlockPayload, a_dictionary_of_wide_codes_that_does_not_begin_at_its_bytes_comes_back) {
  // As gathered columns have it: codes of four bytes, strings as they come, offsets from another's end on.
  const std::vector<std::uint32_t> codes{1, 0, 7};  // the last row is null, its code arbitrary
  const std::vector<std::uint32_t> ends{3, 7, 10};
  const std::string texts = "???betaabc";
  const std::uint64_t validity = 0b011;
  const ColumnView text{.type = Type::kString,
                        .encoding = Encoding::kDictionary,
                        .width = 4,
                        .dictionary_size = 2,
                        .data = reinterpret_cast<const std::byte*>(codes.data()),
                        .dictionary_offsets = reinterpret_cast<const std::byte*>(ends.data()),
                        .bytes = texts.data(),
                        .validity = &validity};
  const StoredBlock block;
  const std::vector<ColumnView> columns{text};
  const std::vector<std::uint16_t> rows{0, 1, 2};
  std::string payload;
  append_blocks({.id = block.id, .columns = columns, .rows = rows}, payload);
  const auto copy = aligned_copy(payload);
  const std::vector<ResultColumn> types{{.field = "text", .type = Type::kString, .items = {}}};
  BlockReader reader({reinterpret_cast<const char*>(copy.data()), payload.size()}, types);
  const Batch& got = *reader.next().value();
  EXPECT_EQ(got.columns[0].text(0), "abc");
  EXPECT_EQ(got.columns[0].text(1), "beta");
  EXPECT_TRUE(got.columns[0].is_null(2));
}

TEST(BlockPayload, columns_of_another_type_than_declared_are_corrupt) {
  const StoredBlock block;
  std::string payload;
  append_blocks(block.batch(range(0, 5)), payload);
  const auto copy = aligned_copy(payload);
  auto columns = kColumns;
  columns[0].type = Type::kInt;
  BlockReader reader({reinterpret_cast<const char*>(copy.data()), payload.size()}, columns);
  EXPECT_EQ(reader.next().error().reason(), Reason::kCorrupt);
}

TEST(BlockPayload, every_cut_of_the_bytes_is_corrupt) {
  const StoredBlock block;
  std::string payload;
  append_blocks(block.batch(range(0, 5)), payload);
  for (std::size_t size = 1; size < payload.size(); ++size) {
    const auto copy = aligned_copy(payload.substr(0, size));
    BlockReader reader({reinterpret_cast<const char*>(copy.data()), size}, kColumns);
    const auto batch = reader.next();
    ASSERT_FALSE(batch.has_value()) << size;
    EXPECT_EQ(batch.error().reason(), Reason::kCorrupt);
  }
}

}  // namespace
}  // namespace slate::wire
