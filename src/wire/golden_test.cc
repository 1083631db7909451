// The frames of docs/formats/wire.md, byte by byte.
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "codec/block.h"
#include "wire/answers.h"
#include "wire/block_payload.h"
#include "wire/frame.h"
#include "wire/row_payload.h"

namespace slate::wire {
namespace {

std::string dump(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    text += fmt::format("{:04x} ", at);
    for (std::size_t i = at; i < std::min(at + 16, bytes.size()); ++i)
      text += fmt::format(" {:02x}", static_cast<unsigned char>(bytes[i]));
    text += '\n';
  }
  return text;
}

void expect_on_page(const std::string& bytes) {
  std::ifstream file(SLATE_SOURCE_DIR "/docs/formats/wire.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(page.find("```\n" + dump(bytes) + "```\n"), std::string::npos) << dump(bytes);
}

TEST(Golden, the_first_bytes_of_a_client_are_on_the_page) {
  expect_on_page(
      std::string(kPreamble) +
      make_frame(1, encode({.body = Hello{.version = 1, .token = "secret", .client = "c"}}).value()));
}

TEST(Golden, a_query_is_on_the_page) {
  const RunQuery run{.target = {.datasource = "d"},
                     .query = {.filter = Filter::condition("status", Op::kEq, Value("active")), .take = 2}};
  expect_on_page(make_frame(2, encode({.body = run, .deadline = std::chrono::milliseconds(1000)}).value()));
}

TEST(Golden, an_answer_with_two_rows_is_on_the_page) {
  ColumnBuffer ids(Type::kString);
  ColumnBuffer counts(Type::kInt);
  ids.resize(2);
  counts.resize(2);
  ids.set_text(0, "r1");
  ids.set_text(1, "r2");
  counts.set_integer(0, 300);
  counts.set_integer(1, 7);
  BlockWriter writer(0, 2, {}, 2);
  writer.add(0, ids, 0, 2);
  writer.add(1, counts, 0, 2);
  const std::string stored = writer.finish();
  std::vector<std::uint64_t> aligned((stored.size() + 7) / 8);
  std::memcpy(aligned.data(), stored.data(), stored.size());
  const BlockView block = BlockView::trusted(reinterpret_cast<const std::byte*>(aligned.data()));
  const std::vector<ColumnView> columns{block.column(1, Type::kInt)};
  const std::vector<std::uint16_t> rows{0, 1};

  const Rows part{
      .head = RowsHead{.info = {.generation = 1, .data_version = 2, .rows = 2, .loaded_at = {}, .now = 1000},
                       .columns = {{{.field = "count", .type = Type::kInt, .items = {}}}}},
      .end = RowsEnd{.has_more = false,
                     .next_cursor = {},
                     .previous_cursor = {},
                     .counters = {.rows_returned = 2},
                     .server = std::chrono::microseconds(9)}};
  FrameWriter frame(2, encode(Answer(part)));
  append_blocks({.id = block.column(0, Type::kString), .columns = columns, .rows = rows}, frame.payload());
  expect_on_page(frame.finish());
}

TEST(Golden, a_write_is_on_the_page) {
  FrameWriter frame(3, encode({.body = WriteBatch{.datasource = "d", .count = 1}}).value());
  append_write({.kind = WriteKind::kReplace, .id = "r1", .cells = {{"count", Value(300)}}}, frame.payload());
  expect_on_page(frame.finish());
}

TEST(Golden, a_loaded_row_is_on_the_page) {
  FrameWriter frame(4, encode({.body = LoadRows{.refresh = 1,
                                                .count = 1,
                                                .progress = LoadCounts{.rows = 1, .bytes = 20, .calls = 1}}})
                           .value());
  const std::vector<CellRef> cells{{.field = 0, .value = std::string_view("Acme")}};
  append_row("r1", cells, frame.payload());
  expect_on_page(frame.finish());
}

TEST(Golden, an_error_is_on_the_page) {
  expect_on_page(
      make_frame(2, encode(Answer(Error(Reason::kNotFound, "no datasource d").with_field("datasource")))));
}

}  // namespace
}  // namespace slate::wire
