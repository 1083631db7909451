#include "wire/row_payload.h"

#include <gtest/gtest.h>

namespace slate::wire {
namespace {

std::vector<RecordWrite> example_writes() {
  return {{.kind = WriteKind::kMerge,
           .id = "r1",
           .cells = {{"name", Value("Acme")},
                     {"count", Value(std::int64_t{-3})},
                     {"score", Value(0.5)},
                     {"open", Value(true)},
                     {"day", Value(Date{86'400})},
                     {"notes", Value()},
                     {"tags", Value(ListValue{Value("a"), Value()})},
                     {"address", Value(MapValue{{"city", Value("Oslo")}})}}},
          {.kind = WriteKind::kDelete, .id = "r2", .cells = {}}};
}

std::string encoded(const std::vector<RecordWrite>& writes) {
  std::string out;
  for (const RecordWrite& write : writes) append_write(write, out);
  return out;
}

TEST(RowPayload, writes_come_back) {
  const auto writes = example_writes();
  const auto read = read_writes(encoded(writes), 2);
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*read)[i].kind, writes[i].kind);
    EXPECT_EQ((*read)[i].id, writes[i].id);
    EXPECT_EQ((*read)[i].cells, writes[i].cells);
  }
}

TEST(RowPayload, every_cut_of_the_bytes_is_refused) {
  const std::string bytes = encoded(example_writes());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = read_writes(std::string_view(bytes).substr(0, size), 2);
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().reason(), Reason::kInvalidArgument);
  }
  EXPECT_FALSE(read_writes(bytes + "x", 2).has_value());
}

TEST(RowPayload, a_malformed_row_is_told_by_its_position) {
  std::string bytes = encoded(example_writes());
  bytes.back() = 1;  // the cells of the second write
  EXPECT_EQ(read_writes(bytes, 2).error().position(), 1u);
}

TEST(RowPayload, an_unknown_kind_is_refused) {
  std::string bytes = encoded(example_writes());
  bytes.front() = 9;
  EXPECT_FALSE(read_writes(bytes, 2).has_value());
}

TEST(RowPayload, loaded_rows_come_back_in_place) {
  const Value tags(ListValue{Value("a")});
  const std::vector<CellRef> cells{{.field = 0, .value = std::string_view("Acme")},
                                   {.field = 3, .value = std::int64_t{7}},
                                   {.field = 4, .value = 0.25},
                                   {.field = 5, .value = false},
                                   {.field = 6, .value = Date{5}},
                                   {.field = 7, .value = &tags},
                                   {.field = 8, .value = Null{}}};
  std::string bytes;
  append_row("r1", cells, bytes);
  append_row("r2", {}, bytes);
  std::vector<std::string> ids;
  const auto read =
      read_rows(bytes, 2, [&](std::string_view id, std::span<const CellRef> got) -> Result<void> {
        ids.emplace_back(id);
        if (id == "r2") {
          EXPECT_TRUE(got.empty());
          return {};
        }
        EXPECT_EQ(got.size(), cells.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
          EXPECT_EQ(got[i].field, cells[i].field);
          if (const auto* list = std::get_if<const Value*>(&got[i].value))
            EXPECT_EQ(**list, tags);
          else
            EXPECT_EQ(got[i].value, cells[i].value);
        }
        return {};
      });
  EXPECT_TRUE(read.has_value());
  EXPECT_EQ(ids, (std::vector<std::string>{"r1", "r2"}));
}

TEST(RowPayload, the_error_of_a_row_has_its_position) {
  std::string bytes;
  append_row("r1", {}, bytes);
  append_row("r2", {}, bytes);
  const auto read = read_rows(bytes, 2, [&](std::string_view id, std::span<const CellRef>) -> Result<void> {
    if (id == "r2") return fail(Reason::kInvalidArgument, "no");
    return {};
  });
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().position(), 1u);
}

}  // namespace
}  // namespace slate::wire
