// The frequencies of columns are true after every kind of write, and answers come from them.
#include <gmock/gmock.h>
#include <random>

#include "db/snapshot_impl.h"
#include "db/testing/database_fixture.h"
#include "exec/value_frequencies.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FrequencyUpkeepTest : public DatabaseFixture {
 protected:
  // `name` has no index.
  static RecordWrite named(int i, const char* name) {
    return {.id = "r" + std::to_string(i), .cells = {{"name", name}, {"contacts", i}}};
  }
  std::vector<std::pair<Value, std::uint64_t>> names(const std::optional<Filter>& filter = {},
                                                     const QueryOptions& options = {}) {
    auto found = snapshot()->distinct({.field = "name", .filter = filter}, options);
    EXPECT_TRUE(found.has_value()) << found.error().to_string();
    std::vector<std::pair<Value, std::uint64_t>> pairs;
    if (!found) return pairs;
    for (const auto& each : found->values) pairs.emplace_back(each.value, each.count);
    examined_ = found->counters;
    return pairs;
  }
  std::optional<Frequencies> kept(std::string_view path) {
    const auto held = snapshot();
    const auto& stored = dynamic_cast<const StoredSnapshot&>(*held);
    return find_frequencies(stored.data().view, *stored.data().schema->find_column(path));
  }

  QueryCounters examined_;
};

TEST_F(FrequencyUpkeepTest, distinct_values_of_a_column_without_an_index_read_no_row) {
  save(prospects());
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 600; ++i) writes.push_back(named(i, i % 3 == 0 ? "x" : "y"));
  write(writes);
  EXPECT_THAT(names(), ElementsAre(std::pair(Value("x"), 200u), std::pair(Value("y"), 400u)));
  EXPECT_EQ(examined_.rows_examined, 0u);
  EXPECT_EQ(examined_.blocks_examined, 0u);
  EXPECT_EQ(examined_.keys_examined, 2u);
}

TEST_F(FrequencyUpkeepTest, the_same_values_are_read_off_the_rows_when_the_rule_is_off) {
  save(prospects());
  write({named(1, "x"), named(2, "y"), record("n", "active", 3)});
  const auto known = names();
  EXPECT_EQ(names({}, {.disabled_rules = {"covered"}}), known);
  EXPECT_GT(examined_.rows_examined, 0u);
}

TEST_F(FrequencyUpkeepTest, a_filter_over_the_column_itself_is_answered_from_them) {
  save(prospects());
  write({named(1, "a"), named(2, "b"), named(3, "b"), named(4, "c"), record("n", "active", 5)});
  EXPECT_THAT(names(Filter::condition("name", Op::kGte, "b")),
              ElementsAre(std::pair(Value("b"), 2u), std::pair(Value("c"), 1u)));
  EXPECT_EQ(examined_.rows_examined, 0u);
  EXPECT_THAT(names(Filter::condition("name", Op::kIsnull, true)), ElementsAre(std::pair(Value(), 1u)));
  EXPECT_EQ(snapshot()->count(Filter::condition("name", Op::kEq, "b"))->value, 2u);
  EXPECT_EQ(snapshot()->count(Filter::condition("name", Op::kIsnull, true))->value, 1u);
  EXPECT_EQ(snapshot()->count(Filter::condition("name", Op::kIsnull, false))->value, 4u);
}

TEST_F(FrequencyUpkeepTest, a_filter_over_another_column_is_not) {
  save(prospects());
  write({named(1, "a"), named(2, "b"), named(3, "b")});
  EXPECT_THAT(names(Filter::condition("contacts", Op::kGte, 2)), ElementsAre(std::pair(Value("b"), 2u)));
}

TEST_F(FrequencyUpkeepTest, updates_and_deletes_change_the_counts) {
  save(prospects());
  write({named(1, "a"), named(2, "b"), named(3, "b")});
  write({{.id = "r1", .cells = {{"name", "b"}}}, deletion("r3")});
  EXPECT_THAT(names(), ElementsAre(std::pair(Value("b"), 2u)));
  write({{.id = "r1", .cells = {{"name", Value()}}}});
  EXPECT_THAT(names(), ElementsAre(std::pair(Value("b"), 1u), std::pair(Value(), 1u)));
  write({{.kind = WriteKind::kReplace, .id = "r2", .cells = {{"contacts", 1}}}});
  EXPECT_THAT(names(), ElementsAre(std::pair(Value(), 2u)));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(FrequencyUpkeepTest, they_are_there_after_a_restart) {
  save(prospects());
  write({named(1, "a"), named(2, "b")});
  reopen();
  EXPECT_THAT(names(), ElementsAre(std::pair(Value("a"), 1u), std::pair(Value("b"), 1u)));
  EXPECT_EQ(examined_.rows_examined, 0u);
}

TEST_F(FrequencyUpkeepTest, columns_with_a_ttl_have_none) {
  save(prospects());
  write({{.id = "a", .cells = {{"score", 1.5}}}});
  EXPECT_FALSE(kept("score").has_value());
  EXPECT_EQ(snapshot()->count(Filter::condition("score", Op::kIsnull, false))->value, 1u);
  clock_.advance(std::chrono::milliseconds(61'000));
  EXPECT_EQ(snapshot()->count(Filter::condition("score", Op::kIsnull, false))->value, 0u);
}

TEST_F(FrequencyUpkeepTest, a_column_that_had_a_ttl_has_none_while_cells_may_expire) {
  save(prospects());
  write({{.id = "a", .cells = {{"score", 1.5}}}});
  Datasource without = prospects();
  without.fields[3].ttl_seconds.reset();
  save(without);
  EXPECT_FALSE(kept("score").has_value());
}

TEST_F(FrequencyUpkeepTest, a_load_with_repeated_ids_counts_each_record_once) {
  save(prospects());
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace);
  ASSERT_TRUE(builder.has_value());
  for (int i = 0; i < 3000; ++i) {
    const CellRef cells[] = {{.field = 0, .value = std::string_view(i % 2 == 0 ? "even" : "odd")}};
    ASSERT_TRUE((*builder)->append("r" + std::to_string(i % 1000), cells).has_value());
  }
  ASSERT_TRUE((*builder)->finish().has_value());
  ASSERT_TRUE((*builder)->publish(clock_.now()).has_value());
  EXPECT_THAT(names(), ElementsAre(std::pair(Value("even"), 500u), std::pair(Value("odd"), 500u)));
  EXPECT_EQ(examined_.rows_examined, 0u);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(FrequencyUpkeepTest, random_writes_leave_them_true) {
  save(prospects());
  std::mt19937 random(5);
  for (int batch = 0; batch < 60; ++batch) {
    std::vector<RecordWrite> writes;
    for (int i = batch % 2 == 0 ? 40 : batch % 5; i >= 0; --i) {
      const std::string id = "r" + std::to_string(random() % 600);
      if (random() % 5 == 0) {
        writes.push_back(deletion(id));
        continue;
      }
      RecordWrite write{.kind = random() % 2 == 0 ? WriteKind::kReplace : WriteKind::kMerge, .id = id};
      if (random() % 2 == 0) write.cells.emplace_back("name", std::string(random() % 300, 'n'));
      if (random() % 2 == 0)
        write.cells.emplace_back("status", std::string(1, static_cast<char>('a' + random() % 9)));
      if (random() % 2 == 0) write.cells.emplace_back("contacts", static_cast<std::int64_t>(random()));
      writes.push_back(std::move(write));
    }
    write(writes);
    ASSERT_THAT(problems(), IsEmpty()) << "after batch " << batch;
  }
  EXPECT_EQ(kept("contacts")->detail(), FrequencyDetail::kPresence);
  EXPECT_EQ(kept("status")->detail(), FrequencyDetail::kValues);
}

}  // namespace
}  // namespace slate
