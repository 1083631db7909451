// Whatever plan is chosen, the rows and their order are the same: random queries over random data, answered
// by the planner in every way it can be made to, against the reference.
//
//   SLATE_DIFFERENTIAL_SEED=n      default 1; each data set has a seed of its own, which is printed
//   SLATE_DIFFERENTIAL_QUERIES=n   queries in all, default 2,000; walks of all pages come to a tenth of that,
//                                  distinct values to a quarter
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <unistd.h>

#include <slate/database.h>

#include "db/audit.h"
#include "differential/random_data.h"
#include "differential/reference.h"
#include "model/json.h"
#include "plan/planner.h"

namespace slate::differential {
namespace {

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

struct Answer {
  std::vector<std::string> ids;
  bool has_more = false;
};

// A way to have a query answered.
struct Way {
  std::string name;
  QueryOptions options;
  bool only_for_sorts = false;
};

std::vector<Way> ways(const Datasource& datasource) {
  std::vector<Way> all = {{.name = "as planned", .options = {}}};
  Way none{.name = "every rule off"};
  for (const std::string_view rule : planner_rules()) {
    all.push_back(
        {.name = "without " + std::string(rule), .options = {.disabled_rules = {std::string(rule)}}});
    none.options.disabled_rules.emplace_back(rule);
  }
  all.push_back(none);
  // Sorts that spill: every few rows are a run.
  all.push_back({.name = "with little memory", .options = {.memory_bytes = 1024}, .only_for_sorts = true});
  none.name += ", with little memory";
  none.options.memory_bytes = 1024;
  none.only_for_sorts = true;
  all.push_back(none);
  for (const std::string_view rule : {"index_filter", "index_sort", "in_merge", "union", "intersection"})
    all.push_back({.name = "by rule " + std::string(rule), .options = {.force_rule = std::string(rule)}});
  const Schema schema = make_schema(datasource, nullptr);
  for (const Index& index : schema.indexes) {
    all.push_back({.name = "by " + index.name, .options = {.force_index = index.name}});
    all.push_back({.name = "sorted apart, by " + index.name,
                   .options = {.disabled_rules = {"index_sort"}, .force_index = index.name},
                   .only_for_sorts = true});
  }
  return all;
}

Result<Answer> run(Snapshot& snapshot, const Query& query, const QueryOptions& options) {
  auto rows = snapshot.query(query, options);
  if (!rows) return fail(rows.error());
  Answer answer;
  for (;;) {
    const auto batch = (*rows)->next();
    if (!batch) return fail(batch.error());
    if (*batch == nullptr) break;
    for (const std::uint16_t row : (*batch)->rows) answer.ids.emplace_back((*batch)->id.text(row));
  }
  const auto more = (*rows)->has_more();
  if (!more) return fail(more.error());
  answer.has_more = *more;
  return answer;
}

std::string shown(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (id.size() > 40 ? "..." + id.substr(id.size() - 12) : id) + " ";
  return text.substr(0, 2000);
}

std::string shown(const Query& query) {
  std::string text = query.filter ? boost::json::serialize(to_json(*query.filter)) : "all";
  for (const SortKey& key : query.sort)
    text += (key.direction == Direction::kDescending ? ", -" : ", +") + key.field +
            (key.nulls == Nulls::kFirst ? " nulls first" : "");
  text += ", skip " + std::to_string(query.skip);
  if (query.take) text += ", take " + std::to_string(*query.take);
  return text;
}

constexpr std::uint64_t kQueries = 2000;
// Of all the ways, so many answer each query.
constexpr std::size_t kWaysOfQuery = 6;

// How a data set came about.
struct Shape {
  const char* name;
  std::size_t ids;  // that there may be
  std::size_t writes;
  std::uint32_t share = 10;  // of the queries
  std::uint32_t segment_rows = 64;
};
constexpr Shape kShapes[] = {
    {.name = "empty", .ids = 1, .writes = 0, .share = 1},
    {.name = "one", .ids = 1, .writes = 3, .share = 1},
    {.name = "few", .ids = 60, .writes = 70},
    {.name = "a segment and a bit", .ids = 90, .writes = 300},
    {.name = "written over and over", .ids = 100, .writes = 2000},
    {.name = "some", .ids = 300, .writes = 500},
    {.name = "sparse", .ids = 400, .writes = 1500},
    {.name = "larger segments", .ids = 500, .writes = 900, .share = 5, .segment_rows = 256},
    {.name = "many", .ids = 1000, .writes = 1500, .share = 5},
};

class Differential : public testing::TestWithParam<int> {
 protected:
  Differential() : shape_(kShapes[GetParam()]) {
    std::cout << "data set \"" << shape_.name << "\", seed " << seed_ << std::endl;
    for (const char* road : {"written", "loaded"}) {
      const auto folder =
          std::filesystem::temp_directory_path() /
          ("slate_differential_" + std::to_string(::getpid()) + "_" + std::to_string(GetParam()) + road);
      std::filesystem::remove_all(folder);
      folders_.push_back(folder);
    }
  }
  ~Differential() override {
    written_.reset();
    loaded_.reset();
    for (const auto& folder : folders_) std::filesystem::remove_all(folder);
  }

  std::unique_ptr<Database> open(const std::filesystem::path& folder) const {
    auto database = Database::open({.path = folder,
                                    .generation_map_bytes = std::uint64_t{1} << 30,
                                    .load_memory_bytes = 64 << 10,
                                    .segment_rows = shape_.segment_rows});
    EXPECT_TRUE(database.has_value()) << database.error().to_string();
    EXPECT_TRUE((*database)->save_datasource(datasource_).has_value());
    return *std::move(database);
  }

  // Writes in batches of all sizes, and the same to the reference.
  void write(RandomData& random) {
    written_ = open(folders_[0]);
    for (std::size_t done = 0; done < shape_.writes;) {
      std::vector<RecordWrite> batch;
      for (std::size_t i = random.one_in(4) ? 1 : random.below(100) + 1; i > 0 && done < shape_.writes;
           --i, ++done)
        batch.push_back(random.write(shape_.ids));
      const auto counts = written_->write_batch("random", batch);
      ASSERT_TRUE(counts.has_value()) << counts.error().to_string();
      for (const RecordWrite& write : batch) reference_.apply(write);
    }
  }

  // The same records by a bulk load, with some rows before them that later ones of the same id replace.
  void load(RandomData& random) {
    loaded_ = open(folders_[1]);
    auto builder = loaded_->begin_generation("random", LoadMode::kReplace).value();
    const auto append = [&](const std::string& id, const std::vector<std::pair<std::string, Value>>& cells) {
      const auto appended = builder->append(id, cell_refs(datasource_, cells));
      ASSERT_TRUE(appended.has_value()) << appended.error().to_string();
    };
    for (const ReferenceRecord& record : reference_.records())
      if (random.one_in(4)) append(record.id, random.replacement(record.id).cells);
    const auto snapshot = written_->snapshot("random").value();
    for (const ReferenceRecord& record : reference_.records()) {
      const auto stored = snapshot->get(record.id).value();
      ASSERT_TRUE(stored.has_value());
      append(record.id, stored->cells);
    }
    const auto counts = builder->finish();
    ASSERT_TRUE(counts.has_value()) << counts.error().to_string();
    EXPECT_EQ(counts->rows, reference_.records().size());
    ASSERT_TRUE(builder->publish(1).has_value());
  }

  void expect_records(Database& database) const {
    const auto snapshot = database.snapshot("random").value();
    EXPECT_EQ(snapshot->info().rows, reference_.records().size());
    for (const ReferenceRecord& record : reference_.records()) {
      const auto stored = snapshot->get(record.id).value();
      ASSERT_TRUE(stored.has_value());
      ASSERT_EQ(cells_of(*stored), record.cells) << record.id;
    }
    const auto report = audit_datasource(database, "random").value();
    for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  }

  // Of all queries, those over this data set.
  std::uint64_t share_of(std::uint64_t queries) const {
    std::uint64_t shares = 0;
    for (const Shape& each : kShapes) shares += each.share;
    return queries * shape_.share / shares + 1;
  }

  void note_steps(const PlanNode& node) {
    ++steps_[node.op];
    for (const PlanNode& child : node.children) note_steps(child);
  }

  Shape shape_;
  std::uint64_t seed_ = setting("SLATE_DIFFERENTIAL_SEED", 1) * 1000 + static_cast<std::uint64_t>(GetParam());
  std::map<std::string, std::uint64_t> steps_;  // how often the answers came by them
  std::vector<std::filesystem::path> folders_;
  Datasource datasource_ = random_datasource(seed_);
  Reference reference_{datasource_};
  std::unique_ptr<Database> written_;
  std::unique_ptr<Database> loaded_;
};

TEST_P(Differential, every_way_to_answer_gives_the_reference_answer) {
  RandomData random(seed_);
  ASSERT_NO_FATAL_FAILURE(write(random));
  ASSERT_NO_FATAL_FAILURE(load(random));
  ASSERT_NO_FATAL_FAILURE(expect_records(*written_));
  ASSERT_NO_FATAL_FAILURE(expect_records(*loaded_));

  const auto all_ways = ways(datasource_);
  const auto written = written_->snapshot("random").value();
  const auto loaded = loaded_->snapshot("random").value();
  const std::uint64_t queries = share_of(setting("SLATE_DIFFERENTIAL_QUERIES", kQueries));
  std::uint64_t matched = 0;
  std::vector<std::size_t> by_rule;
  for (std::size_t way = 0; way < all_ways.size(); ++way)
    if (all_ways[way].options.force_rule) by_rule.push_back(way);
  for (std::uint64_t i = 0; i < queries; ++i) {
    const Query query = random.query(reference_);
    const ReferenceAnswer expected = reference_.answer(query);
    matched += expected.matches > 0 ? 1 : 0;
    const std::string asked = shown(query);
    // As planned, and by a few of the other ways; on the loaded data, which has the same indexes, by one.
    std::set<std::size_t> chosen = {0, by_rule[random.below(by_rule.size())]};
    while (chosen.size() < kWaysOfQuery) chosen.insert(random.below(all_ways.size()));
    const std::size_t other_way = *std::next(chosen.begin());
    for (const std::size_t way : chosen) {
      for (Snapshot* snapshot : {written.get(), loaded.get()}) {
        if (snapshot == loaded.get() && way != 0 && way != other_way) continue;
        if (all_ways[way].only_for_sorts && query.sort.empty()) continue;
        const auto got = run(*snapshot, query, all_ways[way].options);
        const std::string what = "seed " + std::to_string(seed_) + ", " +
                                 (snapshot == loaded.get() ? "loaded" : "written") + ", " +
                                 all_ways[way].name + ": " + asked;
        ASSERT_TRUE(got.has_value()) << what << "\n" << got.error().to_string();
        ASSERT_TRUE(got->ids == expected.ids)
            << what << "\ngot      " << shown(got->ids) << "\nexpected " << shown(expected.ids);
        ASSERT_EQ(got->has_more, expected.has_more) << what;
        if (snapshot == written.get()) {
          const auto explanation =
              snapshot->explain(query, ExplainMode::kPlan, all_ways[way].options).value();
          note_steps(explanation.root);
        }
        const auto count = snapshot->count(query.filter, {}, all_ways[way].options);
        ASSERT_TRUE(count.has_value()) << what;
        ASSERT_EQ(count->value, expected.matches) << what;
        const std::uint64_t limit = expected.matches / 2;
        const auto bounded = snapshot->count(query.filter, limit, all_ways[way].options);
        ASSERT_TRUE(bounded.has_value()) << what;
        ASSERT_EQ(bounded->value, std::min(limit, expected.matches)) << what;
        ASSERT_EQ(bounded->exact, expected.matches <= limit) << what;
      }
    }
  }
  if (reference_.records().size() > 50) {
    EXPECT_GT(matched, queries / 3) << "the queries hardly ever match anything";
    for (const char* step : {"scan", "index_walk", "index_merge", "union", "intersection", "order_by_arrival",
                             "filter", "top_k", "sort", "sort_groups", "limit"})
      EXPECT_GE(steps_[step], queries / 400) << step << " was hardly ever taken";
  }
}

// Forwards from the first page to the last, then back: each walk gives every row once, in order.
TEST_P(Differential, a_walk_of_all_pages_in_either_direction_is_the_whole_answer) {
  RandomData random(seed_ + 500);
  ASSERT_NO_FATAL_FAILURE(write(random));
  const auto all_ways = ways(datasource_);
  const auto snapshot = written_->snapshot("random").value();
  const std::uint64_t queries = share_of(setting("SLATE_DIFFERENTIAL_QUERIES", kQueries) / 10);
  for (std::uint64_t i = 0; i < queries; ++i) {
    Query query = random.query(reference_);
    query.skip = 0;
    query.take.reset();
    const ReferenceAnswer whole = reference_.answer(query);
    query.take = 1 + random.below(whole.ids.size() / 4 + 3);
    const std::string asked = "seed " + std::to_string(seed_ + 500) + ": " + shown(query);
    // Every page is asked for in another way.
    const auto page = [&](const std::optional<std::string>& cursor) {
      query.cursor = cursor;
      return snapshot->query(query, all_ways[random.below(all_ways.size())].options);
    };
    const auto rows_of = [&](ResultSet& rows, std::vector<std::string>& ids) {
      while (const Batch* batch = rows.next().value())
        for (const std::uint16_t row : batch->rows) ids.emplace_back(batch->id.text(row));
    };
    std::vector<std::string> forwards;
    std::optional<std::string> cursor;
    std::optional<std::string> back;
    std::vector<std::string> last_page;
    do {
      const auto rows = page(cursor);
      ASSERT_TRUE(rows.has_value()) << asked << rows.error().to_string();
      last_page.clear();
      rows_of(**rows, last_page);
      forwards.insert(forwards.end(), last_page.begin(), last_page.end());
      ASSERT_LE(forwards.size(), whole.ids.size()) << asked;
      cursor = (*rows)->next_cursor().value();
      back = (*rows)->previous_cursor().value();
    } while (cursor);
    ASSERT_TRUE(forwards == whole.ids)
        << asked << "\ngot      " << shown(forwards) << "\nexpected " << shown(whole.ids);
    std::vector<std::string> backwards = last_page;
    while (back) {
      const auto rows = page(back);
      ASSERT_TRUE(rows.has_value()) << asked << rows.error().to_string();
      std::vector<std::string> ids;
      rows_of(**rows, ids);
      ASSERT_FALSE(ids.empty()) << asked;
      backwards.insert(backwards.begin(), ids.begin(), ids.end());
      back = (*rows)->previous_cursor().value();
    }
    ASSERT_TRUE(backwards == whole.ids)
        << asked << "\ngot      " << shown(backwards) << "\nexpected " << shown(whole.ids);
  }
}

std::string shown(const DistinctValues& found) {
  std::string text;
  for (const DistinctValue& each : found.values)
    text += boost::json::serialize(to_json(each.value)) + " x " + std::to_string(each.count) + ", ";
  return text.substr(0, 2000) + (found.has_more ? "and more" : "");
}

TEST_P(Differential, distinct_values_and_their_counts_are_the_same_in_every_way) {
  RandomData random(seed_ + 700);
  ASSERT_NO_FATAL_FAILURE(write(random));
  ASSERT_NO_FATAL_FAILURE(load(random));
  const auto all_ways = ways(datasource_);
  const auto written = written_->snapshot("random").value();
  const auto loaded = loaded_->snapshot("random").value();
  std::uint64_t from_keys = 0;
  const std::uint64_t queries = share_of(setting("SLATE_DIFFERENTIAL_QUERIES", kQueries) / 4);
  for (std::uint64_t i = 0; i < queries; ++i) {
    const DistinctQuery query = random.distinct(reference_);
    const DistinctValues expected = reference_.distinct(query);
    const Way& way = all_ways[random.below(all_ways.size())];
    const QueryOptions none{.memory_bytes = 200};
    struct Asked {
      Snapshot& snapshot;
      const char* how;
      const QueryOptions& options;
    };
    for (const auto& [snapshot, how, options] :
         {Asked{*written, "as planned", all_ways[0].options}, Asked{*written, way.name.c_str(), way.options},
          Asked{*loaded, "loaded", all_ways[0].options}, Asked{*written, "with little memory", none}}) {
      const std::string what = "seed " + std::to_string(seed_ + 700) + ", " + how + ": distinct " +
                               query.field + " take " + std::to_string(query.take) +
                               (query.order == DistinctOrder::kCount ? " by count" : "") + " of " +
                               (query.filter ? boost::json::serialize(to_json(*query.filter)) : "all");
      const auto got = snapshot.distinct(query, options);
      if (!got && options.memory_bytes <= 1024 && query.order == DistinctOrder::kCount &&
          got.error().reason() == Reason::kQuotaExceeded)
        continue;
      ASSERT_TRUE(got.has_value()) << what << "\n" << got.error().to_string();
      ASSERT_EQ(shown(*got), shown(expected)) << what;
      ASSERT_EQ(got->has_more, expected.has_more) << what;
      from_keys += got->counters.keys_examined > 0 && got->counters.rows_examined == 0 ? 1 : 0;
    }
  }
  // Of few records an index has about as many keys.
  if (reference_.records().size() > 200) {
    EXPECT_GT(from_keys, queries / 20) << "hardly ever from an index";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Differential, testing::Range(0, static_cast<int>(std::size(kShapes))));

}  // namespace
}  // namespace slate::differential
