// Cases that query planners are known to get wrong, one test each: the steps that are taken, what they touch,
// and the rows.
#include <atomic>
#include <cmath>
#include <gmock/gmock.h>
#include <numeric>
#include <thread>

#include "db/testing/database_fixture.h"
#include "plan/planner.h"

namespace slate {
namespace {

using testing::IsEmpty;

constexpr int kRows = 20'000;

class PlannerCases : public DatabaseFixture {
 protected:
  // team: 100 values. n: every number below the rows, in no order. due: null for a quarter, else one of
  // 1,000. half: true or false.
  static Datasource tasks() {
    return {.id = "prospects",
            .fields = {{.name = "team", .type = Type::kString},
                       {.name = "n", .type = Type::kInt, .indexed = true},
                       {.name = "due", .type = Type::kInt, .indexed = true},
                       {.name = "half", .type = Type::kBool, .indexed = true}},
            .indexes = {{.fields = {{.field = "team"}, {.field = "n"}}}},
            .durability = Durability::kOs};
  }
  static std::string id_of(int i) { return "t" + std::to_string(100'000 + i); }
  static std::string team_of(int i) { return "team" + std::to_string(i % 100); }
  static std::int64_t n_of(int i) { return std::int64_t{i} * 7919 % kRows; }
  static std::optional<std::int64_t> due_of(int i) {
    if (i % 4 == 0) return std::nullopt;
    return std::int64_t{i} * 31 % 1000;
  }
  static bool half_of(int i) { return i % 2 == 0; }

  void load() {
    save(tasks());
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    for (int i = 0; i < kRows; ++i) {
      const std::string team = team_of(i);
      std::vector<CellRef> cells = {{.field = 0, .value = std::string_view(team)},
                                    {.field = 1, .value = n_of(i)},
                                    {.field = 3, .value = half_of(i)}};
      if (const auto due = due_of(i)) cells.push_back({.field = 2, .value = *due});
      ASSERT_TRUE(builder->append(id_of(i), cells).has_value());
    }
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(1).has_value());
  }

  struct Answer {
    std::string plan;
    Ids ids;
    QueryCounters counters;
    std::optional<std::string> next;
    std::optional<std::string> previous;
  };
  Answer ask(const Query& query, const QueryOptions& options = {}) {
    const auto from = snapshot();
    Answer answer{.plan = steps(from->explain(query, ExplainMode::kPlan, options).value().root)};
    const auto rows = from->query(query, options).value();
    while (const Batch* batch = rows->next().value())
      for (const std::uint16_t row : batch->rows) answer.ids.emplace_back(batch->id.text(row));
    answer.counters = rows->counters();
    answer.next = rows->next_cursor().value();
    answer.previous = rows->previous_cursor().value();
    return answer;
  }
  // "limit < filter < index_walk(team,n)": as scenarios write plans.
  static std::string steps(const PlanNode& node) {
    constexpr std::string_view kIndex = "index ";
    std::string text = node.op;
    if (node.detail.starts_with(kIndex))
      text += "(" + node.detail.substr(kIndex.size(), node.detail.find(':') - kIndex.size()) + ")";
    for (const PlanNode& child : node.children)
      text += (&child == &node.children.front() ? " < " : " + ") + steps(child);
    return text;
  }

  // The ids of the rows that hold, by a stable sort.
  static Ids expected(const std::function<bool(int)>& holds, const std::function<bool(int, int)>& before) {
    std::vector<int> rows;
    for (int i = 0; i < kRows; ++i)
      if (holds(i)) rows.push_back(i);
    std::ranges::stable_sort(rows, before);
    Ids ids;
    for (const int row : rows) ids.push_back(id_of(row));
    return ids;
  }
  static Ids first(const Ids& ids, std::size_t count) {
    return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(count, ids.size()))};
  }
  static bool all(int) { return true; }
  static bool by_n(int a, int b) { return n_of(a) < n_of(b); }
  static bool by_n_descending(int a, int b) { return n_of(a) > n_of(b); }
  static std::vector<SortKey> descending(std::string field) {
    return {{.field = std::move(field), .direction = Direction::kDescending}};
  }
  static Filter of_team(int i) { return Filter::condition("team", Op::kEq, team_of(i)); }
};

TEST_F(PlannerCases, a_descending_sort_with_a_limit_walks_the_index_backwards_and_stops) {
  load();
  const Answer answer = ask({.sort = descending("n"), .take = 10});
  EXPECT_EQ(answer.plan, "limit < index_walk(n)");
  EXPECT_EQ(answer.ids, first(expected(all, by_n_descending), 10));
  EXPECT_LE(answer.counters.keys_examined, 11u);
  EXPECT_LE(answer.counters.rows_examined, 11u);
}

TEST_F(PlannerCases, an_equality_before_the_sort_in_a_compound_index_walks_only_its_stretch) {
  load();
  const auto in_team = [](int i) { return i % 100 == 7; };
  for (const auto direction : {Direction::kAscending, Direction::kDescending}) {
    const bool ascends = direction == Direction::kAscending;
    const Answer answer =
        ask({.filter = of_team(7), .sort = {{.field = "n", .direction = direction}}, .skip = 2, .take = 5});
    EXPECT_EQ(answer.plan, "limit < index_walk(team,n)");
    Ids ids = expected(in_team, ascends ? by_n : by_n_descending);
    ids.erase(ids.begin(), ids.begin() + 2);
    EXPECT_EQ(answer.ids, first(ids, 5));
    EXPECT_LE(answer.counters.keys_examined, 8u);
    EXPECT_LE(answer.counters.rows_examined, 8u);
  }
}

TEST_F(PlannerCases, rows_that_a_page_skips_are_not_read_where_the_index_alone_tells_that_they_count) {
  load();
  const Ids sorted = expected(all, by_n);
  for (const std::size_t skip : {std::size_t{1}, std::size_t{250}, std::size_t{5000}, std::size_t{kRows - 3},
                                 std::size_t{kRows}, std::size_t{kRows + 5}}) {
    const Answer page = ask({.sort = {{.field = "n"}}, .skip = skip, .take = 10}, {.force_index = "n"});
    const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(skip, sorted.size()));
    EXPECT_EQ(page.ids, first({begin, sorted.end()}, 10)) << skip;
    EXPECT_LE(page.counters.rows_examined, 11u) << skip;
    EXPECT_EQ(page.next.has_value(), skip + 10 < kRows) << skip;
  }
  const Answer arrived = ask({.filter = Filter::condition("half", Op::kEq, true), .skip = 5000, .take = 10},
                             {.force_index = "half"});
  EXPECT_EQ(arrived.ids.front(), id_of(10'000));
  EXPECT_LE(arrived.counters.rows_examined, 11u);
}

TEST_F(PlannerCases, rows_that_a_page_skips_are_read_where_a_condition_is_left_to_check) {
  load();
  const auto in_half = [](int i) { return half_of(i); };
  const Answer page = ask(
      {.filter = Filter::condition("half", Op::kEq, true), .sort = {{.field = "n"}}, .skip = 40, .take = 5},
      {.force_index = "n"});
  Ids ids = expected(in_half, by_n);
  ids.erase(ids.begin(), ids.begin() + 40);
  EXPECT_EQ(page.ids, first(ids, 5));
  EXPECT_GE(page.counters.rows_examined, 45u);
}

TEST_F(PlannerCases, a_range_walked_backwards_ends_at_its_lower_bound) {
  load();
  const Query query{.filter = Filter::condition("n", Op::kBetween, std::vector<Value>{100, 119}),
                    .sort = descending("n")};
  const auto within = [](int i) { return n_of(i) >= 100 && n_of(i) <= 119; };
  const Answer answer = ask(query);
  EXPECT_EQ(answer.plan, "index_walk(n)");
  EXPECT_EQ(answer.ids, expected(within, by_n_descending));
  EXPECT_EQ(answer.ids.size(), 20u);
  EXPECT_LE(answer.counters.keys_examined, 21u);
  EXPECT_EQ(answer.counters.rows_examined, 20u);
  // The same when a limit would have let it go on.
  Query limited = query;
  limited.take = 500;
  const Answer bounded = ask(limited);
  EXPECT_EQ(bounded.ids, answer.ids);
  EXPECT_LE(bounded.counters.keys_examined, 21u);
}

TEST_F(PlannerCases, a_sort_by_id_with_a_filter_stops_after_its_rows) {
  load();
  Query query{.filter = Filter::condition("half", Op::kEq, true), .sort = {{.field = "_id"}}, .take = 20};
  const auto by_id = [](int a, int b) { return id_of(a) < id_of(b); };
  const Answer common = ask(query);
  EXPECT_EQ(common.plan, "limit < filter < index_walk(_id)");
  EXPECT_EQ(common.ids, first(expected(half_of, by_id), 20));
  EXPECT_LE(common.counters.keys_examined, 60u);
  // Of rows that are rare the walk would read nearly all: they are found first and sorted.
  query.filter = Filter::condition("n", Op::kLt, 30);
  const Answer rare = ask(query);
  EXPECT_EQ(rare.plan, "limit < top_k < order_by_arrival < index_walk(n)");
  EXPECT_EQ(rare.ids, first(expected([](int i) { return n_of(i) < 30; }, by_id), 20));
  EXPECT_LE(rare.counters.keys_examined, 31u);
  EXPECT_LE(rare.counters.rows_examined, 31u);
}

TEST_F(PlannerCases, several_values_before_the_sort_are_merged_in_its_order) {
  load();
  const Answer answer =
      ask({.filter = Filter::condition("team", Op::kIn, std::vector<Value>{"team3", "team50", "team7"}),
           .sort = descending("n"),
           .take = 10});
  EXPECT_EQ(answer.plan, "limit < index_merge(team,n)");
  const auto in_teams = [](int i) { return i % 100 == 3 || i % 100 == 50 || i % 100 == 7; };
  EXPECT_EQ(answer.ids, first(expected(in_teams, by_n_descending), 10));
  EXPECT_LE(answer.counters.keys_examined, 14u);
  EXPECT_LE(answer.counters.rows_examined, 11u);
}

TEST_F(PlannerCases, an_or_of_two_indexed_fields_reads_what_either_index_finds) {
  load();
  const Answer answer =
      ask({.filter =
               Filter::any_of({Filter::condition("n", Op::kLt, 50), Filter::condition("due", Op::kEq, 5)})});
  EXPECT_EQ(answer.plan, "union < index_walk(n) + index_walk(due)");
  const auto holds = [](int i) { return n_of(i) < 50 || due_of(i) == 5; };
  EXPECT_EQ(answer.ids, expected(holds, [](int, int) { return false; }));
  EXPECT_GT(answer.ids.size(), 50u);
  EXPECT_LE(answer.counters.rows_examined, answer.ids.size());
  EXPECT_LE(answer.counters.keys_examined, 50u + 20u + 2u);
}

TEST_F(PlannerCases, pages_by_a_nullable_field_cost_the_same_and_miss_no_row_whichever_end_the_nulls_are_at) {
  load();
  constexpr std::uint64_t kPage = 997;
  for (const auto direction : {Direction::kAscending, Direction::kDescending}) {
    for (const auto nulls : {Nulls::kLast, Nulls::kFirst}) {
      const Ids whole = expected(all, [&](int a, int b) {
        const auto x = due_of(a);
        const auto y = due_of(b);
        if (!x || !y) return nulls == Nulls::kFirst ? !x && y : x && !y;
        return direction == Direction::kAscending ? *x < *y : *x > *y;
      });
      Query query{.sort = {{.field = "due", .direction = direction, .nulls = nulls}}, .take = kPage};
      const auto cost = [&](const Answer& page) {
        EXPECT_TRUE(page.plan.ends_with("index_walk(due)")) << page.plan;
        // A group of one value is gathered whole: 15 rows, or the 5,000 nulls.
        EXPECT_LE(page.counters.rows_examined, kPage + 1);
      };
      Ids forwards;
      Answer page;
      do {
        page = ask(query);
        cost(page);
        forwards.insert(forwards.end(), page.ids.begin(), page.ids.end());
        query.cursor = page.next;
      } while (query.cursor && forwards.size() <= whole.size());
      EXPECT_EQ(forwards, whole);
      Ids backwards = page.ids;
      while (page.previous && backwards.size() <= whole.size()) {
        query.cursor = page.previous;
        page = ask(query);
        cost(page);
        backwards.insert(backwards.begin(), page.ids.begin(), page.ids.end());
      }
      EXPECT_EQ(backwards, whole);
    }
  }
}

TEST_F(PlannerCases, of_a_large_group_in_an_index_only_the_rows_of_the_page_are_fetched_again) {
  load();
  constexpr std::uint64_t kSegments = 79;  // of 256 rows
  for (const std::uint64_t skip : {0, 40}) {
    const Answer answer = ask({.sort = {{.field = "half"}, {.field = "n"}}, .skip = skip, .take = 5},
                              {.force_rule = "index_sort"});
    EXPECT_EQ(answer.plan, "limit < sort_groups < index_walk(half)");
    EXPECT_EQ(answer.counters.rows_examined, 10'000u);
    EXPECT_LE(answer.counters.blocks_examined, kSegments + skip + 5 + 1);
    EXPECT_EQ(answer.ids, ask({.sort = {{.field = "half"}, {.field = "n"}}, .skip = skip, .take = 5},
                              {.force_rule = "scan"})
                              .ids);
  }
  // The page may end in a later group.
  const Query across{.sort = {{.field = "half"}, {.field = "n"}}, .skip = 9990, .take = 20};
  EXPECT_EQ(ask(across, {.force_rule = "index_sort"}).ids, ask(across, {.force_rule = "scan"}).ids);
}

TEST_F(PlannerCases, a_half_selective_index_loses_to_a_scan) {
  load();
  const auto arrival = [](int, int) { return false; };
  const Query found{.filter = Filter::condition("half", Op::kEq, true)};
  const Answer rows = ask(found);
  EXPECT_EQ(rows.plan, "filter < scan");
  EXPECT_EQ(rows.ids, expected(half_of, arrival));
  EXPECT_EQ(rows.counters.keys_examined, 0u);
  // Sorted by another field too: neither index is of use to all of the rows.
  Query sorted = found;
  sorted.sort = {{.field = "due"}, {.field = "team"}};
  EXPECT_EQ(ask(sorted).counters.keys_examined, 0u) << ask(sorted).plan;
}

// Statistics say: 1,000 rows, all of them old, n below 1,000. There are 100,000.
TEST_F(PlannerCases, statistics_of_a_hundredth_of_the_rows_still_give_plans_near_those_of_fresh_ones) {
  save(prospects());
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 1000; ++i) writes.push_back(record(id_of(i), "old", i));
  write(writes);
  const auto statistics_of = [](storage::WriteTransaction& txn) {
    return std::string(
        *txn.get(*txn.find_table("meta", storage::TableKind::kBytes).value(), "statistics").value());
  };
  std::string stale;
  change_file([&](storage::WriteTransaction& txn) { stale = statistics_of(txn); });
  open();
  writes.clear();
  for (int i = 1000; i < 100'000; ++i) writes.push_back(record(id_of(i), i % 10 == 0 ? "rare" : "new", i));
  write(writes);

  const auto status = [](const char* value) { return Filter::condition("status", Op::kEq, value); };
  const auto contacts = [](Op op, int value) { return Filter::condition("contacts", op, value); };
  const std::vector<SortKey> by_contacts = {{.field = "contacts"}};
  const Query queries[] = {
      {.filter = status("new"), .take = 20},
      {.filter = status("new"), .sort = by_contacts, .take = 20},
      {.filter = status("new"), .sort = descending("contacts"), .take = 20},
      {.filter = status("old"), .sort = by_contacts, .take = 20},
      {.filter = status("rare"), .sort = descending("contacts"), .take = 20},
      {.filter = contacts(Op::kGt, 99'900)},
      {.filter = contacts(Op::kGt, 50'000), .sort = by_contacts, .take = 20},
      {.filter = Filter::all_of({contacts(Op::kGt, 99'800), status("rare")})},
      {.filter = Filter::all_of({contacts(Op::kLt, 1200), status("new")})},
      {.filter = Filter::any_of({contacts(Op::kEq, 77'777), contacts(Op::kLt, 20)})},
      {.filter = Filter::condition("_id", Op::kEq, id_of(90'000))},
      {.sort = descending("_id"), .take = 20},
  };
  std::vector<Answer> fresh;
  for (const Query& query : queries) fresh.push_back(ask(query));
  change_file([&](storage::WriteTransaction& txn) {
    ASSERT_NE(statistics_of(txn), stale);
    ASSERT_TRUE(txn.put(*txn.find_table("meta", storage::TableKind::kBytes).value(), "statistics", stale));
  });
  open();
  const auto work = [](const Answer& answer) {
    return answer.counters.keys_examined + answer.counters.rows_examined;
  };
  for (std::size_t i = 0; i < std::size(queries); ++i) {
    const Answer answer = ask(queries[i]);
    EXPECT_EQ(answer.ids, fresh[i].ids) << i;
    EXPECT_FALSE(answer.ids.empty()) << i;
    EXPECT_LE(work(answer), 3 * work(fresh[i]) + 256) << answer.plan << ", before: " << fresh[i].plan;
    EXPECT_LE(work(answer), 5000u) << answer.plan;
  }
}

// Of 150 rows that are due so, 20 are of the team; were it for their shares of all rows, it would be 2.
TEST_F(PlannerCases, conditions_that_go_together_are_estimated_by_a_look_at_rows_of_the_index) {
  load();
  const Query query{
      .filter = Filter::all_of({Filter::condition("team", Op::kEq, "team7"),
                                Filter::condition("due", Op::kBetween, std::vector<Value>{210, 220})})};
  EXPECT_EQ(ids(query).size(), 20u);
  const auto estimate = *snapshot()->explain(query, ExplainMode::kPlan, {})->root.estimated_rows;
  EXPECT_GE(estimate, 10);
  EXPECT_LE(estimate, 40);
}

TEST_F(PlannerCases, texts_that_are_frequent_are_estimated_so_when_their_case_does_not_count) {
  save(tasks());
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  for (int i = 0; i < kRows; ++i) {
    const std::string team = i % 2000 == 0 ? "Team Seven" : i % 2000 == 1 ? "TEAM SEVEN" : id_of(i);
    const std::vector<CellRef> cells = {{.field = 0, .value = std::string_view(team)}};
    ASSERT_TRUE(builder->append(id_of(i), cells).has_value());
  }
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(builder->publish(1).has_value());
  const auto explained = snapshot()->explain({.filter = Filter::condition("team", Op::kIeq, "team seven")},
                                             ExplainMode::kPlan, {});
  EXPECT_EQ(std::round(*explained->root.estimated_rows), 20);
}

TEST_F(PlannerCases, queries_are_right_while_an_index_is_built_and_records_change) {
  Datasource datasource = prospects();
  datasource.fields[2].indexed = false;  // contacts
  save(datasource);
  // status is a function of contacts: a row that an index has in a wrong place would show.
  const auto status_of = [](int contacts) { return contacts % 3 == 0 ? "third" : "other"; };
  constexpr int kRecords = 6000;
  std::vector<RecordWrite> writes;
  for (int i = 0; i < kRecords; ++i) writes.push_back(record(id_of(i), status_of(i), i));
  write(writes);

  datasource.fields[2].indexed = true;
  std::atomic<bool> built = false;
  std::thread writer([&] {
    for (int round = 0; round < 40 || !built.load(); ++round) {
      std::vector<RecordWrite> changes;
      for (int k = 0; k < 20; ++k) {
        const int i = (round * 20 + k) * 37 % kRecords;
        const int contacts = (i + round) % kRecords;
        changes.push_back(record(id_of(i), status_of(contacts), contacts));
      }
      ASSERT_TRUE(database_->write_batch("prospects", changes).has_value());
    }
  });
  save(datasource);
  const auto is_ready = [&] {
    return std::ranges::all_of(database_->get_datasource("prospects")->indexes,
                               [](const IndexStatus& each) { return each.state == IndexState::kReady; });
  };
  for (int after = 0; after < 5; after += built.load() ? 1 : 0) {
    if (is_ready()) built = true;
    const auto from = snapshot();
    const auto rows =
        from->query({.filter = Filter::condition("contacts", Op::kBetween, std::vector<Value>{100, 400}),
                     .sort = {{.field = "contacts"}}})
            .value();
    std::int64_t last = 100;
    std::uint64_t seen = 0;
    while (const Batch* batch = rows->next().value()) {
      for (const std::uint16_t row : batch->rows) {
        const std::int64_t contacts = batch->columns[2].integer(row);
        EXPECT_GE(contacts, last);
        EXPECT_LE(contacts, 400);
        EXPECT_EQ(batch->columns[1].text(row), status_of(static_cast<int>(contacts)));
        last = contacts;
        ++seen;
      }
    }
    // Of one snapshot a count by a scan must agree.
    EXPECT_EQ(seen, from->count(Filter::condition("contacts", Op::kBetween, std::vector<Value>{100, 400}), {},
                                {.disabled_rules = {std::string(kRuleCovered)}, .force_rule = "scan"})
                        ->value);
  }
  writer.join();
  wait_for_indexes();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(ask({.sort = {{.field = "contacts"}}, .take = 5}).plan, "limit < index_walk(contacts)");
  EXPECT_EQ(ids({.sort = {{.field = "contacts"}}}),
            ids({.sort = {{.field = "contacts"}}}, {.force_rule = "scan"}));
}

}  // namespace
}  // namespace slate
