// Plans over stored data: what they touch, and that it does not grow with what is stored.
#include <gmock/gmock.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

class QueryPlanTest : public DatabaseFixture {
 protected:
  // As the workload of the design: status half and half, contacts 0 to 99 evenly.
  void fill(int rows) {
    Datasource datasource = prospects();
    datasource.id = name(rows);
    save(datasource);
    auto builder = database_->begin_generation(datasource.id, LoadMode::kReplace).value();
    for (int i = 0; i < rows; ++i) {
      const std::string id = "r" + std::to_string(i);
      const CellRef cells[] = {
          {.field = 0, .value = std::string_view(id)},
          {.field = 1, .value = std::string_view(i / 100 % 2 == 0 ? "active" : "rejected")},
          {.field = 2, .value = std::int64_t{i % 100}}};
      ASSERT_TRUE(builder->append(id, cells).has_value());
    }
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(1).has_value());
  }
  static std::string name(int rows) { return "rows" + std::to_string(rows); }

  QueryCounters run(int rows, const Query& query, const QueryOptions& options = {}) {
    const auto answer = snapshot(name(rows))->query(query, options);
    EXPECT_TRUE(answer.has_value());
    while (const Batch* batch = (*answer)->next().value()) EXPECT_GT(batch->size(), 0u);
    return (*answer)->counters();
  }
  static Filter active() { return Filter::condition("status", Op::kEq, "active"); }
};

TEST_F(QueryPlanTest, pages_by_an_index_cost_what_they_return_at_any_size) {
  fill(1000);
  fill(20'000);
  const auto sorted = [](Direction direction) {
    return std::vector<SortKey>{{.field = "contacts", .direction = direction}};
  };
  struct Page {
    const char* what;
    Query query;
    std::uint64_t keys;
  };
  const Page pages[] = {
      {"sorted", {.sort = sorted(Direction::kAscending), .take = 5}, 6},
      {"sorted backwards", {.sort = sorted(Direction::kDescending), .take = 5}, 6},
      {"sorted, skipping", {.sort = sorted(Direction::kAscending), .skip = 3, .take = 5}, 9},
      {"filtered", {.filter = active(), .take = 200}, 201},
  };
  for (const Page& page : pages) {
    const QueryOptions options{.force_index =
                                   page.query.filter ? std::optional<std::string>("status") : std::nullopt};
    const auto small = run(1000, page.query, options);
    const auto large = run(20'000, page.query, options);
    EXPECT_EQ(small.rows_returned, *page.query.take) << page.what;
    EXPECT_EQ(large.rows_returned, *page.query.take) << page.what;
    EXPECT_EQ(small.keys_examined, large.keys_examined) << page.what;
    EXPECT_LE(large.keys_examined, page.keys) << page.what;
    EXPECT_LE(large.rows_examined, page.keys) << page.what;
  }
}

TEST_F(QueryPlanTest, a_sort_walk_with_a_residual_filter_looks_at_twice_the_rows_when_half_of_them_match) {
  fill(20'000);
  const Query query{.filter = active(), .sort = {{.field = "contacts"}}, .take = 50};
  const auto plan = snapshot(name(20'000))->explain(query, ExplainMode::kAnalyze).value();
  EXPECT_EQ(plan.root.op, "limit");
  EXPECT_EQ(plan.root.children[0].op, "filter");
  EXPECT_EQ(plan.root.children[0].children[0].op, "index_walk");
  ASSERT_TRUE(plan.actual.has_value());
  EXPECT_EQ(plan.actual->rows_returned, 50u);
  EXPECT_LE(plan.actual->keys_examined, 400u);
}

TEST_F(QueryPlanTest, a_limit_stops_a_scan) {
  fill(20'000);
  const auto counters = run(20'000, {.take = 10});
  EXPECT_EQ(counters.blocks_examined, 1u);
  EXPECT_EQ(counters.rows_returned, 10u);
}

TEST_F(QueryPlanTest, a_walk_that_is_put_back_in_order_counts_every_entry_it_reads) {
  fill(20'000);
  const auto counters = run(20'000, {.filter = Filter::condition("contacts", Op::kLt, 10), .take = 5},
                            {.force_index = "contacts"});
  EXPECT_EQ(counters.keys_examined, 2000u);
  EXPECT_LE(counters.rows_examined, 6u);
}

TEST_F(QueryPlanTest, a_half_selective_index_loses_to_a_scan_and_a_selective_one_wins) {
  fill(20'000);
  const auto op_of = [&](Filter filter) {
    auto plan = snapshot(name(20'000))->explain({.filter = std::move(filter)}, ExplainMode::kPlan).value();
    const PlanNode* node = &plan.root;
    while (!node->children.empty()) node = &node->children.front();
    return node->op;
  };
  EXPECT_EQ(op_of(active()), "scan");
  EXPECT_EQ(op_of(Filter::condition("_id", Op::kEq, "r7")), "index_walk");
}

TEST_F(QueryPlanTest, a_count_that_an_index_settles_reads_no_row_and_is_right) {
  fill(1000);
  const auto from = snapshot(name(1000));
  EXPECT_EQ(from->count(active())->value, 500u);
  EXPECT_EQ(from->count({})->value, 1000u);
  EXPECT_EQ(from->count(active(), 100)->value, 100u);
  EXPECT_FALSE(from->count(active(), 100)->exact);
  EXPECT_TRUE(from->count(active(), 500)->exact);
  EXPECT_FALSE(from->count(active(), 499)->exact);
}

TEST_F(QueryPlanTest, has_more_is_right_around_the_end) {
  fill(1000);
  const auto more = [&](Query query) {
    auto rows = snapshot(name(1000))->query(query).value();
    while (rows->next().value() != nullptr) {
    }
    return rows->has_more().value();
  };
  for (const std::vector<SortKey>& sort :
       {std::vector<SortKey>{}, {{.field = "contacts"}}, {{.field = "name"}}}) {
    EXPECT_TRUE(more({.sort = sort, .take = 999}));
    EXPECT_FALSE(more({.sort = sort, .take = 1000}));
    EXPECT_TRUE(more({.sort = sort, .skip = 998, .take = 1}));
    EXPECT_FALSE(more({.sort = sort, .skip = 999, .take = 1}));
    EXPECT_TRUE(more({.sort = sort, .skip = 999, .take = 0}));
    EXPECT_FALSE(more({.sort = sort, .skip = 1000, .take = 0}));
    EXPECT_FALSE(more({.sort = sort}));
  }
}

}  // namespace
}  // namespace slate
