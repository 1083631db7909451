// Queries that are stopped: by the rows that they may look at, by a deadline, by their caller.
#include <gmock/gmock.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

class QueryLimitsTest : public DatabaseFixture {
 protected:
  QueryLimitsTest() {
    options_.segment_rows = 64;
    reopen();
    save(prospects());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 3000; ++i)
      writes.push_back(record("r" + std::to_string(i), i % 2 == 0 ? "even" : "odd", i % 500));
    write(writes);
  }

  // Reads the answer to its end.
  Result<QueryCounters> run(const Query& query, const QueryOptions& options) {
    auto rows = snapshot()->query(query, options);
    if (!rows) return fail(rows.error());
    for (;;) {
      const auto batch = (*rows)->next();
      if (!batch) return fail(batch.error());
      if (*batch == nullptr) return (*rows)->counters();
    }
  }
  static Filter status(const char* value) { return Filter::condition("status", Op::kEq, value); }
  static Filter contacts(Op op, int value) { return Filter::condition("contacts", op, value); }

  template <typename T>
  static void expect_quota(const Result<T>& result, const std::string& what) {
    ASSERT_FALSE(result.has_value()) << what;
    EXPECT_EQ(result.error().reason(), Reason::kQuotaExceeded) << what;
    EXPECT_EQ(result.error().field(), "max_rows_examined") << what;
    EXPECT_THAT(result.error().message(), testing::HasSubstr("100")) << what;
  }
};

TEST_F(QueryLimitsTest, a_query_that_looks_at_more_rows_than_it_may_is_refused_whatever_its_plan) {
  const QueryOptions few{.max_rows_examined = 100};
  const std::vector<SortKey> by_name = {{.field = "name"}};
  const std::vector<SortKey> by_contacts = {{.field = "contacts"}};
  const std::pair<const char*, Query> queries[] = {
      {"scan", {}},
      {"filtered scan", {.filter = contacts(Op::kNe, 3)}},
      {"sort", {.sort = by_name}},
      {"top_k", {.sort = by_name, .take = 5}},
      {"index_sort", {.sort = by_contacts}},
      {"index_sort, filtered", {.filter = Filter::condition("name", Op::kIsnull, true), .sort = by_contacts}},
      {"sort_groups", {.sort = {{.field = "contacts"}, {.field = "name"}}}},
      {"walk in order of arrival", {.filter = contacts(Op::kLt, 100)}},
      {"union", {.filter = Filter::any_of({contacts(Op::kLt, 60), status("odd")})}},
  };
  for (const auto& [what, query] : queries) {
    expect_quota(run(query, few), what);
    EXPECT_TRUE(run(query, {.max_rows_examined = 10'000}).has_value()) << what;
  }
}

TEST_F(QueryLimitsTest, what_stops_within_its_rows_is_answered) {
  const QueryOptions few{.max_rows_examined = 100};
  EXPECT_TRUE(run({.sort = {{.field = "contacts"}}, .take = 50}, few).has_value());
  EXPECT_TRUE(run({.filter = contacts(Op::kEq, 7)}, few).has_value());
  EXPECT_TRUE(run({.take = 60}, few).has_value());
  // Exactly as many as it may.
  const std::uint64_t all = run({}, {})->rows_examined;
  EXPECT_EQ(all, 3000u);
  EXPECT_TRUE(run({}, {.max_rows_examined = all}).has_value());
  EXPECT_FALSE(run({}, {.max_rows_examined = all - 1}).has_value());
}

TEST_F(QueryLimitsTest, a_query_that_is_refused_has_looked_at_a_block_too_many_at_most) {
  auto rows = snapshot()->query({.filter = contacts(Op::kNe, 3)}, {.max_rows_examined = 100}).value();
  while (rows->next().has_value()) {
  }
  EXPECT_GT(rows->counters().rows_examined, 100u);
  EXPECT_LE(rows->counters().rows_examined, 100u + 64u);
}

TEST_F(QueryLimitsTest, counts_and_distinct_values_have_the_same_limit) {
  const QueryOptions few{.max_rows_examined = 100};
  const auto from = snapshot();
  const Filter unindexed = Filter::any_of(
      {Filter::condition("name", Op::kIsnull, true), Filter::condition("contacts", Op::kEq, 3)});
  expect_quota(from->count(unindexed, {}, few), "count");
  expect_quota(from->distinct({.field = "name", .filter = unindexed}, few), "distinct");
  expect_quota(from->distinct({.field = "contacts", .filter = status("even")}, few), "distinct, filtered");
  // An index and frequencies look at no rows.
  EXPECT_EQ(from->count(status("even"), {}, few)->value, 1500u);
  EXPECT_EQ(from->count({}, {}, few)->value, 3000u);
  EXPECT_EQ(from->distinct({.field = "status"}, few)->values.size(), 2u);
  EXPECT_EQ(from->distinct({.field = "name"}, few)->values.size(), 1u);
  EXPECT_EQ(from->count(unindexed, 20, few)->value, 20u);
}

TEST_F(QueryLimitsTest, a_deadline_that_has_passed_and_a_caller_that_asks_to_stop_end_a_query) {
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  const auto late = run({}, {.deadline = past});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().reason(), Reason::kDeadlineExceeded);
  std::stop_source source;
  auto rows = snapshot()->query({}, {.stop = source.get_token()}).value();
  EXPECT_NE(rows->next().value(), nullptr);
  source.request_stop();
  const auto stopped = rows->next();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().reason(), Reason::kCancelled);
}

}  // namespace
}  // namespace slate
