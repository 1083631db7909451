// Distinct values over stored data: the same from an index and from the records, and what they cost.
#include <gmock/gmock.h>
#include <map>

#include "db/testing/database_fixture.h"
#include "plan/planner.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class DistinctTest : public DatabaseFixture {
 protected:
  using Counted = std::vector<std::pair<Value, std::uint64_t>>;

  DistinctTest() { save(prospects()); }

  Result<DistinctValues> ask(const DistinctQuery& query, const QueryOptions& options = {}) {
    return snapshot()->distinct(query, options);
  }
  static Counted pairs(const DistinctValues& found) {
    Counted counted;
    for (const DistinctValue& each : found.values) counted.emplace_back(each.value, each.count);
    return counted;
  }
  Counted values(const DistinctQuery& query, const QueryOptions& options = {}) {
    const auto found = ask(query, options);
    EXPECT_TRUE(found.has_value()) << found.error().to_string();
    return found ? pairs(*found) : Counted();
  }
  static QueryOptions without_index() { return {.disabled_rules = {std::string(kRuleCovered)}}; }

  void fill(int rows) {
    std::vector<RecordWrite> writes;
    for (int i = 0; i < rows; ++i) {
      writes.push_back(record("r" + std::to_string(i), i % 3 == 0 ? "active" : "rejected", i % 40));
      if (i % 5 == 0) writes.back().cells[1].second = Value();
      writes.back().cells.emplace_back("name", "n" + std::to_string(i % 7));
    }
    write(writes);
  }
};

TEST_F(DistinctTest, an_index_and_the_records_give_the_same_values_and_counts) {
  fill(2000);
  const Filter narrow = Filter::condition("contacts", Op::kBetween, std::vector<Value>{10, 20});
  const DistinctQuery queries[] = {
      {.field = "status"},
      {.field = "contacts"},
      {.field = "contacts", .order = DistinctOrder::kCount},
      {.field = "contacts", .filter = narrow},
      {.field = "contacts", .filter = Filter::condition("contacts", Op::kIsnull, true)},
      {.field = "contacts", .order = DistinctOrder::kCount, .take = 3},
      {.field = "contacts", .filter = Filter::condition("status", Op::kEq, "active")},
      {.field = "status", .filter = narrow},
      {.field = "_id", .take = 5},
  };
  for (const DistinctQuery& query : queries) {
    const auto found = ask(query).value();
    const auto counted = ask(query, without_index()).value();
    EXPECT_FALSE(found.values.empty()) << query.field;
    EXPECT_EQ(pairs(found), pairs(counted)) << query.field;
    EXPECT_EQ(found.has_more, counted.has_more) << query.field;
    if (found.has_more) continue;
    std::uint64_t sum = 0;
    for (const DistinctValue& each : found.values) sum += each.count;
    EXPECT_EQ(sum, snapshot()->count(query.filter)->value) << query.field;
  }
}

TEST_F(DistinctTest, an_index_tells_by_its_keys_without_a_look_at_a_record) {
  fill(2000);
  const auto status = ask({.field = "status"}).value();
  EXPECT_THAT(pairs(status), ElementsAre(Pair(Value("active"), 667), Pair(Value("rejected"), 1333)));
  EXPECT_EQ(status.counters.keys_examined, 2u);
  EXPECT_EQ(status.counters.rows_examined, 0u);
  EXPECT_EQ(status.counters.blocks_examined, 0u);
  // Not where a filter is on another field, or as many keys as records must be read.
  EXPECT_GT(
      ask({.field = "status", .filter = Filter::condition("contacts", Op::kEq, 4)})->counters.rows_examined,
      0u);
  EXPECT_EQ(ask({.field = "_id"})->counters.keys_examined, 0u);
}

TEST_F(DistinctTest, values_too_long_for_keys_are_told_apart_by_their_records) {
  const std::string common(600, 'c');
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 400; ++i)
    writes.push_back({.id = "r" + std::to_string(i), .cells = {{"status", common + std::to_string(i % 2)}}});
  write(writes);
  const auto found = ask({.field = "status"}).value();
  EXPECT_THAT(pairs(found), ElementsAre(Pair(Value(common + "0"), 200), Pair(Value(common + "1"), 200)));
}

TEST_F(DistinctTest, elements_of_lists_and_entries_of_maps_have_values_too) {
  write(
      {{.id = "a",
        .cells = {{"tags", Value(ListValue{Value("x"), Value("y"), Value("x")})}, {"address.city", "Bonn"}}},
       {.id = "b", .cells = {{"tags", Value(ListValue{Value("x")})}, {"address.city", "Bonn"}}},
       {.id = "c", .cells = {{"tags", Value(ListValue{})}}}});
  EXPECT_EQ(values({.field = "tags"}), (Counted{{Value("x"), 2}, {Value("y"), 1}}));
  EXPECT_EQ(values({.field = "address.city"}), (Counted{{Value("Bonn"), 2}, {Value(), 1}}));
  EXPECT_EQ(ask({.field = "address"}).error().field(), "address");
  EXPECT_EQ(ask({.field = "nothing"}).error().field(), "nothing");
}

TEST_F(DistinctTest, an_expired_cell_counts_as_null) {
  write({{.id = "a", .cells = {{"score", 1.5}}}, {.id = "b", .cells = {{"score", 2.5}}}});
  EXPECT_EQ(values({.field = "score"}), (Counted{{Value(1.5), 1}, {Value(2.5), 1}}));
  clock_.advance(std::chrono::seconds(30));
  write({{.id = "b", .cells = {{"score", 3.5}}}});
  clock_.advance(std::chrono::seconds(40));
  EXPECT_EQ(values({.field = "score"}), (Counted{{Value(3.5), 1}, {Value(), 1}}));
}

TEST_F(DistinctTest, of_nothing_there_are_no_values) {
  EXPECT_THAT(values({.field = "status"}), IsEmpty());
  fill(10);
  EXPECT_THAT(values({.field = "status", .filter = Filter::condition("contacts", Op::kGt, 1000)}), IsEmpty());
  EXPECT_THAT(values({.field = "name", .filter = Filter::condition("contacts", Op::kGt, 1000)}), IsEmpty());
}

TEST_F(DistinctTest, a_take_out_of_bounds_is_refused_by_name) {
  fill(10);
  for (const std::uint64_t take : {std::uint64_t{0}, std::uint64_t{100'001}}) {
    const auto refused = ask({.field = "status", .take = take});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(refused.error().field(), "take");
  }
  EXPECT_TRUE(ask({.field = "status", .take = 100'000}).has_value());
}

TEST_F(DistinctTest, small_budgets_refuse_the_order_of_counts_and_no_other) {
  fill(2000);
  const QueryOptions small{.memory_bytes = 500};
  for (const char* field : {"name", "contacts", "_id"}) {
    const auto refused = ask({.field = field, .order = DistinctOrder::kCount}, small);
    ASSERT_FALSE(refused.has_value()) << field;
    EXPECT_EQ(refused.error().reason(), Reason::kQuotaExceeded);
    EXPECT_TRUE(ask({.field = field, .order = DistinctOrder::kValue}, small).has_value()) << field;
  }
  EXPECT_TRUE(ask({.field = "status", .order = DistinctOrder::kCount}, small).has_value());
}

}  // namespace
}  // namespace slate
