// What workload W's queries touch, which does not grow with the records where an index gives the answer; and
// how near the planner's estimates are.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>

#include "bench/bench_folder.h"
#include "bench/run.h"

namespace slate::bench {
namespace {

constexpr std::size_t kSmall = 10'000;
constexpr std::size_t kLarge = 100'000;

class WorkloadPlan : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new BenchFolder(BenchFolder::make("").value());
    database = Database::open({.path = folder->path() / "data", .generation_map_bytes = 1u << 30})->release();
    const Workload workload(kLarge);
    for (const std::size_t records : {kSmall, kLarge}) {
      const std::string id = datasource(records);
      ASSERT_TRUE(database->save_datasource(workload_datasource(id, Durability::kOs)).has_value());
      const auto builder = database->begin_generation(id, LoadMode::kReplace).value();
      std::array<CellRef, kWorkloadFields> room;
      for (std::size_t i = 0; i < records; ++i)
        ASSERT_TRUE(builder->append(workload.id(i), workload.cells(i, room)).has_value());
      ASSERT_TRUE(builder->finish().has_value());
      ASSERT_TRUE(builder->publish(1).has_value());
    }
  }
  static void TearDownTestSuite() {
    delete database;
    delete folder;
  }

  static std::string datasource(std::size_t records) { return "w" + std::to_string(records); }
  static std::unique_ptr<Snapshot> snapshot(std::size_t records) {
    return database->snapshot(datasource(records)).value();
  }
  static WorkloadQuery line(std::string_view name) {
    const auto lines = workload_queries();
    return *std::ranges::find(lines, name, &WorkloadQuery::name);
  }
  static Outcome run(std::string_view name, std::size_t records) {
    return run_line(*snapshot(records), line(name), {}).value();
  }

  inline static BenchFolder* folder = nullptr;
  inline static Database* database = nullptr;
};

// Rows of the page, and one that tells whether there are more. A filter that half of the rows pass doubles
// what is looked at.
TEST_F(WorkloadPlan, pages_read_as_many_keys_and_rows_as_they_return_at_any_number_of_records) {
  struct Page {
    const char* name;
    std::uint64_t rows;
    std::uint64_t most_keys;
    std::uint64_t most_rows;
  };
  for (const Page& page : {Page{.name = "Q5", .rows = 50, .most_keys = 400, .most_rows = 400},
                           Page{.name = "Q7", .rows = 200, .most_keys = 500, .most_rows = 1100},
                           Page{.name = "Q8", .rows = 200, .most_keys = 500, .most_rows = 500},
                           Page{.name = "Q9", .rows = 200, .most_keys = 201, .most_rows = 201}}) {
    for (const std::size_t records : {kSmall, kLarge}) {
      const Outcome outcome = run(page.name, records);
      const std::string what = std::string(page.name) + " of " + std::to_string(records);
      EXPECT_EQ(outcome.rows, page.rows) << what;
      EXPECT_LE(outcome.counters->keys_examined, page.most_keys) << what;
      EXPECT_LE(outcome.counters->rows_examined, page.most_rows) << what;
      EXPECT_GE(outcome.counters->rows_examined, page.rows) << what;
    }
  }
}

TEST_F(WorkloadPlan, counts_and_distinct_values_that_an_index_knows_read_no_row) {
  for (const std::size_t records : {kSmall, kLarge}) {
    const auto from = snapshot(records);
    const auto statuses = from->distinct({.field = "status"}).value();
    EXPECT_EQ(statuses.values.size(), 2u);
    EXPECT_EQ(statuses.counters.keys_examined, 2u);
    EXPECT_EQ(statuses.counters.rows_examined, 0u);
    const auto counts = from->distinct({.field = "contacts_count"}).value();
    EXPECT_EQ(counts.values.size(), 101u);
    EXPECT_EQ(counts.counters.rows_examined, 0u);
  }
}

// As they are asked, and with all of their rows, which shows what their filters are taken to match.
TEST_F(WorkloadPlan, estimates_are_within_a_factor_of_three_of_the_rows) {
  for (const WorkloadQuery& each : workload_queries()) {
    if (each.task == Task::kGets || each.task == Task::kDistinct) continue;
    Query whole = each.query;
    whole.skip = 0;
    whole.take.reset();
    for (const std::size_t records : {kSmall, kLarge}) {
      for (const Query& query : {each.query, whole}) {
        const auto explained = snapshot(records)->explain(query, ExplainMode::kAnalyze).value();
        const auto actual = static_cast<double>(explained.actual->rows_returned);
        ASSERT_GT(actual, 0) << each.name;
        ASSERT_TRUE(explained.root.estimated_rows.has_value()) << each.name;
        EXPECT_LE(*explained.root.estimated_rows, 3 * actual) << each.name << " of " << records;
        EXPECT_GE(*explained.root.estimated_rows, actual / 3) << each.name << " of " << records;
      }
    }
  }
}

}  // namespace
}  // namespace slate::bench
