#include "bench/compare/line.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "bench/run.h"

namespace slate::bench::compare {
namespace {

TEST(Lines, are_those_of_the_runner_in_its_order) {
  std::vector<std::string> names;
  for (const Line& line : lines()) names.emplace_back(line.name);
  EXPECT_EQ(names, line_names());
}

TEST(Lines, have_a_goal_and_key_columns_among_their_own) {
  for (const Line& line : lines()) {
    EXPECT_GT(line.goal.ms, 0) << line.name;
    EXPECT_TRUE(std::ranges::is_sorted(line.key_columns)) << line.name;
    for (const std::size_t column : line.key_columns) EXPECT_LT(column, line.columns.size()) << line.name;
    EXPECT_TRUE(line.determined == Determined::kRows || !line.key_columns.empty()) << line.name;
  }
}

TEST(Lines, what_is_cut_is_compared_by_its_keys) {
  for (const Line& line : lines())
    EXPECT_EQ(line.determined == Determined::kKeys, line.query.query.take.has_value()) << line.name;
}

TEST(SqlFor, speaks_the_dialect_and_takes_the_page_of_the_query) {
  for (const Line& line : lines()) {
    const std::string sql = sql_for(line, CaselessLike::kIlike);
    EXPECT_EQ(sql.find('{'), std::string::npos) << sql;
    const Query& query = line.query.query;
    const auto has = [&](const std::string& part) { return sql.find(part) != std::string::npos; };
    EXPECT_TRUE(!query.take || has("LIMIT " + std::to_string(*query.take))) << sql;
    EXPECT_TRUE(query.skip == 0 || has("OFFSET " + std::to_string(query.skip))) << sql;
  }
  const auto& last = lines().at(17);
  EXPECT_TRUE(sql_for(last, CaselessLike::kIlike).ends_with("WHERE name ILIKE '%ab%'"));
  EXPECT_TRUE(sql_for(last, CaselessLike::kLike).ends_with("WHERE name LIKE '%ab%'"));
}

TEST(StatusFlips, each_flip_changes_what_the_last_one_left) {
  const Workload workload(50);
  StatusFlips flips(workload);
  std::vector<bool> is_active;
  for (std::size_t i = 0; i < workload.size(); ++i) is_active.push_back(workload.status(i) == "active");
  for (int run = 0; run < 2; ++run) {
    const auto next = flips.next();
    ASSERT_EQ(next.size(), kUpdates);
    for (const auto& flip : next) {
      EXPECT_EQ(flip.id, workload.id(flip.record));
      EXPECT_NE(flip.is_active, is_active[flip.record]);
      is_active[flip.record] = flip.is_active;
    }
  }
}

TEST(InsertShare, the_shares_are_all_records_once) {
  for (const std::size_t records : {10U, 19U, 2'003U}) {
    std::size_t next = 0;
    for (std::size_t share = 0; share < kInsertTransactions; ++share) {
      const auto [begin, end] = insert_share(share, records);
      EXPECT_EQ(begin, next);
      next = end;
    }
    EXPECT_EQ(next, records);
  }
}

}  // namespace
}  // namespace slate::bench::compare
