#include "db/prepared_write.h"

#include <gtest/gtest.h>
#include <memory>

#include "model/schema.h"

namespace slate {
namespace {

const Schema& schema() {
  static const Schema made = make_schema(
      Datasource{.id = "things",
                 .fields = {{.name = "a", .type = Type::kString},
                            {.name = "b", .type = Type::kInt},
                            {.name = "c", .type = Type::kFloat},
                            {.name = "tags", .type = Type::kList, .items = {{.type = Type::kString}}},
                            {.name = "place",
                             .type = Type::kMap,
                             .fields = {{.name = "city", .type = Type::kString},
                                        {.name = "zip", .type = Type::kInt}}}}},
      nullptr);
  return made;
}

using Cells = std::vector<std::pair<std::string, Value>>;

// By path, in the order of the cells.
Cells cells_of(const PreparedWrite& write) {
  Cells cells;
  for (const PreparedCell& cell : write.cells)
    cells.emplace_back(schema().columns[cell.column].path, to_value(cell.value));
  return cells;
}

TEST(PreparedBatch, the_last_mention_of_a_column_counts_wherever_it_stands) {
  PreparedBatch batch(PreparedBatch::Texts::kBorrowed);
  const RecordWrite write{
      .id = "r", .cells = {{"c", 1.5}, {"a", "first"}, {"b", 2}, {"c", 2.5}, {"a", Value()}, {"b", 3}}};
  ASSERT_TRUE(batch.add(write, schema()).has_value());
  EXPECT_EQ(cells_of(batch.writes()[0]), (Cells{{"c", 2.5}, {"a", Value()}, {"b", 3}}));
}

TEST(PreparedBatch, names_may_stand_elsewhere_in_the_next_record) {
  PreparedBatch batch(PreparedBatch::Texts::kBorrowed);
  const std::vector<RecordWrite> writes = {{.id = "r1", .cells = {{"a", "x"}, {"b", 1}}},
                                           {.id = "r2", .cells = {{"b", 2}, {"a", "y"}, {"c", 0.5}}},
                                           {.id = "r3", .cells = {{"place.zip", 3}, {"b", 4}}}};
  for (const RecordWrite& write : writes) ASSERT_TRUE(batch.add(write, schema()).has_value());
  EXPECT_EQ(cells_of(batch.writes()[0]), (Cells{{"a", "x"}, {"b", 1}}));
  EXPECT_EQ(cells_of(batch.writes()[1]), (Cells{{"b", 2}, {"a", "y"}, {"c", 0.5}}));
  EXPECT_EQ(cells_of(batch.writes()[2]), (Cells{{"place.zip", 3}, {"b", 4}}));
}

TEST(PreparedBatch, what_is_converted_is_kept_by_the_batch) {
  PreparedBatch batch(PreparedBatch::Texts::kBorrowed);
  const RecordWrite write{.id = "r",
                          .cells = {{"b", "12"}, {"c", -0.0}, {"place", MapValue{{"city", "Lyon"}}}}};
  ASSERT_TRUE(batch.add(write, schema()).has_value());
  EXPECT_EQ(cells_of(batch.writes()[0]),
            (Cells{{"b", 12}, {"c", 0.0}, {"place.city", "Lyon"}, {"place.zip", Value()}}));
}

TEST(PreparedBatch, a_copying_batch_outlives_the_records) {
  PreparedBatch batch(PreparedBatch::Texts::kCopied);
  PreparedBatch journal(PreparedBatch::Texts::kCopied);
  const std::string text(2000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto write = std::make_unique<RecordWrite>(
        RecordWrite{.id = "r" + std::to_string(i), .cells = {{"a", text}, {"tags", ListValue{"t", "u"}}}});
    ASSERT_TRUE(batch.add(*write, schema()).has_value());
  }
  for (const PreparedWrite& write : batch.writes()) journal.add_copy(write);
  batch.clear();
  ASSERT_EQ(journal.writes().size(), 3u);
  EXPECT_EQ(journal.writes()[2].id, "r2");
  EXPECT_EQ(cells_of(journal.writes()[2]), (Cells{{"a", text}, {"tags", ListValue{"t", "u"}}}));
}

TEST(PreparedBatch, a_refused_record_leaves_the_others) {
  PreparedBatch batch(PreparedBatch::Texts::kBorrowed);
  const RecordWrite good{.id = "r", .cells = {{"a", "x"}}};
  const RecordWrite bad{.id = "s", .cells = {{"a", "y"}, {"b", "many"}}};
  ASSERT_TRUE(batch.add(good, schema()).has_value());
  EXPECT_EQ(batch.add(bad, schema()).error().field(), "b");
  ASSERT_TRUE(batch.add(good, schema()).has_value());
  ASSERT_EQ(batch.writes().size(), 2u);
  EXPECT_EQ(cells_of(batch.writes()[1]), (Cells{{"a", "x"}}));
}

}  // namespace
}  // namespace slate
