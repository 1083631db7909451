// When statistics are taken, of what, and what they say.
#include "db/statistics_builder.h"

#include <cstring>
#include <gmock/gmock.h>

#include "codec/statistics.h"
#include "db/testing/database_fixture.h"

namespace slate {
namespace {

TEST(StatisticsDue, after_more_changes_than_a_few_and_than_a_quarter_of_the_rows) {
  const auto due = [](std::uint64_t rows, std::uint64_t changes) {
    return are_statistics_due({.rows = rows, .changes = 5000 + changes, .sampled_changes = 5000});
  };
  EXPECT_FALSE(due(0, 0));
  EXPECT_FALSE(due(10, 256));
  EXPECT_TRUE(due(10, 257));
  EXPECT_FALSE(due(1024, 256));
  EXPECT_TRUE(due(1024, 257));
  EXPECT_FALSE(due(100'000, 25'000));
  EXPECT_TRUE(due(100'000, 25'001));
}

class StatisticsBuilderTest : public DatabaseFixture {
 protected:
  StatisticsBuilderTest() { save(prospects()); }

  void load(int rows) {
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    for (int i = 0; i < rows; ++i) {
      const std::string status = "s" + std::to_string(i % 5);
      const std::string name = "name " + std::to_string(i);
      std::vector<CellRef> cells = {{.field = 0, .value = std::string_view(name)},
                                    {.field = 1, .value = std::string_view(status)}};
      if (i % 4 == 0) cells.push_back({.field = 2, .value = std::int64_t{i % 50}});
      ASSERT_TRUE(builder->append("r" + std::to_string(i), cells).has_value());
    }
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(1).has_value());
  }
  // The bytes of the live generation's statistics; none when they were never taken.
  std::string stored() {
    std::string bytes;
    change_file([&](storage::WriteTransaction& txn) {
      const auto meta = *txn.find_table("meta", storage::TableKind::kBytes).value();
      if (const auto found = txn.get(meta, "statistics").value()) bytes = *found;
    });
    open();
    return bytes;
  }
  class Statistics {
   public:
    explicit Statistics(const std::string& bytes) : words_(bytes.size() / 8 + 1) {
      std::memcpy(words_.data(), bytes.data(), bytes.size());
      view =
          StatisticsView::verify({reinterpret_cast<const std::byte*>(words_.data()), bytes.size()}).value();
    }
    std::optional<StatisticsView> view;

   private:
    std::vector<std::uint64_t> words_;
  };
  const ColumnStatistics& column(const Statistics& statistics, std::string_view path) {
    const Schema schema = make_schema(prospects(), nullptr);
    const auto found = std::ranges::find(schema.columns, path, &Column::path);
    return *statistics.view->find(found->id);
  }
};

TEST_F(StatisticsBuilderTest, a_sample_of_few_rows_is_all_of_them_and_exact) {
  load(600);
  const Statistics taken(stored());
  EXPECT_EQ(taken.view->rows(), 600u);
  EXPECT_EQ(taken.view->sample()->row_count(), 600u);
  EXPECT_EQ(column(taken, "status").distinct, 5);
  EXPECT_EQ(column(taken, "contacts").distinct, 25);
  EXPECT_EQ(column(taken, "name").distinct, 600);
  EXPECT_EQ(column(taken, "address.city").distinct, 0);
}

TEST_F(StatisticsBuilderTest, a_sample_of_many_rows_is_of_one_size_and_its_estimates_are_near) {
  load(30'000);
  const Statistics taken(stored());
  EXPECT_EQ(taken.view->rows(), 30'000u);
  EXPECT_LE(taken.view->sample()->row_count(), kBlockMaxRows);
  EXPECT_GT(taken.view->sample()->row_count(), kBlockMaxRows * 9 / 10);
  EXPECT_EQ(column(taken, "status").distinct, 5);
  EXPECT_NEAR(column(taken, "contacts").distinct, 25, 1);
  EXPECT_GT(column(taken, "name").distinct, 15'000);
}

TEST_F(StatisticsBuilderTest, the_same_records_give_the_same_statistics) {
  load(10'000);
  const std::string first = stored();
  load(10'000);
  EXPECT_EQ(stored(), first);
}

TEST_F(StatisticsBuilderTest, deleted_rows_are_in_no_sample_however_many_they_are) {
  load(10'000);
  std::vector<RecordWrite> deletes;
  for (int i = 0; i < 10'000; ++i)
    if (i % 10 != 3) deletes.push_back(deletion("r" + std::to_string(i)));
  write(deletes);
  const Statistics taken(stored());
  EXPECT_EQ(taken.view->rows(), 1000u);
  EXPECT_GT(taken.view->sample()->row_count(), 500u);
  EXPECT_EQ(column(taken, "status").distinct, 1);  // s3
}

TEST_F(StatisticsBuilderTest, a_few_writes_leave_them_and_many_take_them_again) {
  const auto many = [&](int from, int to) {
    std::vector<RecordWrite> writes;
    for (int i = from; i < to; ++i) writes.push_back(record("r" + std::to_string(i), "new", i));
    write(writes);
  };
  many(0, 256);
  EXPECT_EQ(stored(), "");
  many(256, 258);
  const std::string first = stored();
  EXPECT_EQ(Statistics(first).view->rows(), 258u);
  many(258, 500);
  EXPECT_EQ(stored(), first);
  many(500, 520);
  EXPECT_EQ(Statistics(stored()).view->rows(), 520u);
}

TEST_F(StatisticsBuilderTest, long_texts_are_cut_between_characters_and_long_lists_left_out) {
  std::vector<RecordWrite> writes;
  ListValue tags(200, Value("a long list"));
  for (int i = 0; i < 300; ++i) {
    // The 256th byte is within a character of two bytes, or of four.
    const char* tail = i % 2 == 0 ? "\xc3\xa9" : "\xf0\x9f\x98\x80";
    std::string name = std::string(255, 'n');
    for (int k = 0; k < 5000; ++k) name += tail;
    writes.push_back({.id = "r" + std::to_string(i), .cells = {{"name", name}, {"tags", Value(tags)}}});
  }
  write(writes);
  const std::string bytes = stored();
  EXPECT_LT(bytes.size(), 20'000u);
  const Statistics taken(bytes);
  const Schema schema = make_schema(prospects(), nullptr);
  const auto names = taken.view->sample()->column(
      std::ranges::find(schema.columns, "name", &Column::path)->id, Type::kString);
  const auto lists =
      taken.view->sample()->column(std::ranges::find(schema.columns, "tags", &Column::path)->id, Type::kList);
  for (std::size_t row = 0; row < 300; ++row) {
    EXPECT_EQ(names.text(row), std::string(255, 'n'));
    EXPECT_TRUE(lists.is_null(row));
  }
  EXPECT_EQ(column(taken, "name").distinct, 2);  // as they are, not as they are cut
}

}  // namespace
}  // namespace slate
