// Sorts whose rows are many: gathered on their way out, spilled when memory is short, cancelled in the
// middle.
#include <filesystem>
#include <gmock/gmock.h>
#include <map>

#include "db/snapshot_impl.h"
#include "db/testing/database_fixture.h"
#include "exec/docid_set.h"
#include "exec/gather.h"
#include "exec/predicate.h"
#include "exec/testing/fake_interrupt.h"

namespace slate {
namespace {

class SortedOutputTest : public DatabaseFixture {
 protected:
  static constexpr int kRows = 6000;  // more than are fetched one after the other

  // Cells of every type, some null, some expired, long and short texts; some rows deleted again.
  void fill() {
    save(prospects());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < kRows; ++i) {
      const int mixed = i * 7919 % 10'007;
      RecordWrite write = record("r" + std::to_string(i), mixed % 2 == 0 ? "active" : "rejected", mixed % 97);
      if (mixed % 3 != 0) write.cells.emplace_back("name", "name " + std::to_string(mixed));
      if (mixed % 11 == 0)
        write.cells.emplace_back("address", Value(MapValue{{"city", Value("c" + std::string(300, 'x'))}}));
      if (mixed % 5 == 0)
        write.cells.emplace_back("tags", Value(ListValue{Value("a"), Value(std::to_string(mixed))}));
      if (mixed % 4 == 0) write.cells.emplace_back("score", mixed / 8.0);
      writes.push_back(std::move(write));
    }
    this->write(writes);
    clock_.advance(std::chrono::seconds(59));
    writes.clear();
    for (int i = 0; i < kRows; i += 10)
      writes.push_back({.id = "r" + std::to_string(i), .cells = {{"score", 0.25}}});
    for (int i = 5; i < kRows; i += 50) writes.push_back(deletion("r" + std::to_string(i)));
    this->write(writes);
    clock_.advance(std::chrono::seconds(2));  // only the scores just written are left
  }

  struct Rows {
    std::vector<Record> records;
    std::size_t largest_batch = 0;
    QueryCounters counters;
  };
  Rows rows(Query query, const QueryOptions& options = {}) {
    Rows all;
    const auto from = snapshot();
    auto answer = from->query(query, options);
    EXPECT_TRUE(answer.has_value()) << answer.error().to_string();
    for (;;) {
      const auto batch = (*answer)->next();
      EXPECT_TRUE(batch.has_value()) << batch.error().to_string();
      if (!batch || *batch == nullptr) break;
      all.largest_batch = std::max(all.largest_batch, (*batch)->size());
      for (std::size_t i = 0; i < (*batch)->size(); ++i)
        all.records.push_back(to_record((*answer)->columns(), **batch, i));
    }
    all.counters = (*answer)->counters();
    return all;
  }
  // The same in pages too small to be gathered.
  std::vector<Record> paged(Query query, const QueryOptions& options = {}) {
    std::vector<Record> all;
    query.take = 700;
    for (query.skip = 0;; query.skip += 700) {
      const Rows page = rows(query, options);
      all.insert(all.end(), page.records.begin(), page.records.end());
      if (page.records.size() < 700) return all;
    }
  }
  static void expect_same(const std::vector<Record>& got, const std::vector<Record>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].id, expected[i].id) << i;
      ASSERT_EQ(got[i].cells, expected[i].cells) << got[i].id;
    }
  }
  static std::vector<Query> sorts() {
    const Filter active = Filter::condition("status", Op::kEq, std::string("active"));
    return {{.sort = {{.field = "contacts"}}},
            {.filter = active, .sort = {{.field = "contacts", .direction = Direction::kDescending}}},
            {.filter = Filter::condition("score", Op::kIsnull, true), .sort = {{.field = "contacts"}}},
            {.sort = {{.field = "contacts"}, {.field = "name"}}},
            {.filter = active, .sort = {{.field = "name", .nulls = Nulls::kFirst}}},
            {.sort = {{.field = "address.city"}, {.field = "contacts"}}}};
  }
};

TEST_F(SortedOutputTest, rows_that_are_gathered_are_those_of_small_pages) {
  fill();
  for (const Query& query : sorts()) {
    const Rows all = rows(query);
    EXPECT_GT(all.largest_batch, 1000u);
    expect_same(all.records, paged(query));
    const QueryOptions apart{.disabled_rules = {"index_sort"}};
    expect_same(rows(query, apart).records, all.records);
  }
}

TEST_F(SortedOutputTest, an_index_walk_of_many_rows_visits_each_block_once) {
  fill();
  const std::uint64_t blocks = (kRows + 255) / 256;
  const QueryOptions walk{.force_index = "contacts"};
  const Rows all = rows({.filter = Filter::condition("status", Op::kEq, std::string("active")),
                         .sort = {{.field = "contacts"}}},
                        walk);
  EXPECT_EQ(all.counters.blocks_examined, blocks);
  EXPECT_EQ(all.counters.rows_returned, all.records.size());
}

TEST_F(SortedOutputTest, cursors_of_a_gathered_page_lead_to_its_neighbours) {
  fill();
  Query query{.sort = {{.field = "contacts"}}, .take = 2500};
  const std::vector<Record> all = rows({.sort = query.sort}).records;
  const auto from = snapshot();
  const auto read = [&](ResultSet& page) {
    std::vector<std::string> ids;
    for (const Batch* batch = page.next().value(); batch != nullptr; batch = page.next().value())
      for (const std::uint16_t row : batch->rows) ids.emplace_back(batch->id.text(row));
    return ids;
  };
  const auto first = from->query(query).value();
  const auto first_ids = read(*first);
  query.cursor = first->next_cursor().value();
  ASSERT_TRUE(query.cursor.has_value());
  const auto second = from->query(query).value();
  const auto second_ids = read(*second);
  ASSERT_EQ(second_ids.size(), 2500u);
  EXPECT_EQ(second_ids.front(), all[2500].id);
  EXPECT_EQ(second_ids.back(), all[4999].id);
  query.cursor = second->previous_cursor().value();
  EXPECT_EQ(read(*from->query(query).value()), first_ids);
}

TEST_F(SortedOutputTest, a_sort_without_memory_for_its_keys_spills_and_answers_the_same) {
  fill();
  const QueryOptions roomy{.disabled_rules = {"index_sort"}};
  const QueryOptions tight{.memory_bytes = 32 << 10, .disabled_rules = {"index_sort"}};
  for (const Query& query : sorts()) {
    const Rows in_memory = rows(query, roomy);
    EXPECT_EQ(in_memory.counters.runs_spilled, 0u);
    const Rows spilled = rows(query, tight);
    EXPECT_GT(spilled.counters.runs_spilled, 3u);
    expect_same(spilled.records, in_memory.records);
    // The first rows, by a heap that does not fit either.
    Query first = query;
    first.take = 1000;
    const Rows top = rows(first, tight);
    EXPECT_GT(top.counters.runs_spilled, 0u);
    expect_same(top.records, {in_memory.records.begin(), in_memory.records.begin() + 1000});
  }
}

TEST_F(SortedOutputTest, groups_of_an_index_too_large_for_the_memory_are_spilled) {
  fill();
  const auto expect_spilled = [&](const Query& query) {
    const QueryOptions walk{.force_index = "status"};
    const QueryOptions tight{.memory_bytes = 8 << 10, .force_index = "status"};
    const Rows in_memory = rows(query, walk);
    EXPECT_EQ(in_memory.counters.runs_spilled, 0u);
    const Rows spilled = rows(query, tight);
    EXPECT_GT(spilled.counters.runs_spilled, 3u);
    expect_same(spilled.records, in_memory.records);
  };
  expect_spilled({.sort = {{.field = "status"}, {.field = "name"}}});
  expect_spilled({.sort = {{.field = "status", .direction = Direction::kDescending}, {.field = "contacts"}}});
}

TEST_F(SortedOutputTest, files_of_a_running_sort_are_not_to_be_seen) {
  fill();
  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder_))
      names.push_back(item.path());
    std::ranges::sort(names);
    return names;
  };
  const auto before = files();
  const auto from = snapshot();
  const auto answer = from->query({.sort = {{.field = "name"}}}, {.memory_bytes = 8 << 10}).value();
  ASSERT_NE(answer->next().value(), nullptr);
  EXPECT_GT(answer->counters().runs_spilled, 3u);
  EXPECT_EQ(files(), before);
}

TEST_F(SortedOutputTest, a_stop_request_ends_a_sort_between_two_pieces_of_its_output) {
  fill();
  for (const bool by_index : {false, true}) {
    const std::vector<std::string> rules =
        by_index ? std::vector<std::string>() : std::vector<std::string>{"index_sort"};
    std::stop_source stop;
    const auto from = snapshot();
    const auto answer =
        from->query({.sort = {{.field = "contacts"}}}, {.stop = stop.get_token(), .disabled_rules = rules})
            .value();
    ASSERT_NE(answer->next().value(), nullptr);
    stop.request_stop();
    std::size_t rows = 0;
    Result<const Batch*> batch = answer->next();
    for (; batch && *batch != nullptr; batch = answer->next()) rows += (*batch)->size();
    // What has been gathered may still come out.
    EXPECT_LE(rows, kGatherRows);
    ASSERT_FALSE(batch.has_value());
    EXPECT_EQ(batch.error().reason(), Reason::kCancelled);
  }
}

// An interrupt that says how much was done when it ended the query.
TEST_F(SortedOutputTest, finding_docids_ends_where_it_is_told_to) {
  save(prospects());
  std::vector<RecordWrite> writes;
  constexpr int kMany = 40'000;
  for (int i = 0; i < kMany; ++i)
    writes.push_back(record("r" + std::to_string(i), i % 2 == 0 ? "a" : "b", i % 1000));
  write(writes);
  const auto from = snapshot();
  const GenerationView& view = dynamic_cast<StoredSnapshot&>(*from).data().view;
  const auto& indexes = view.schema->indexes;
  const auto whole = [&](std::string_view name) {
    const auto found = std::ranges::find(indexes, name, &Index::name);
    IndexWalk walk{.index = static_cast<std::uint32_t>(found - indexes.begin())};
    walk.ranges.emplace_back();
    return DocidSet{.kind = DocidSet::Kind::kWalk, .walk = walk};
  };
  for (const auto kind : {DocidSet::Kind::kWalk, DocidSet::Kind::kUnion, DocidSet::Kind::kIntersection}) {
    DocidSet set = whole("contacts");
    if (kind != DocidSet::Kind::kWalk) set = {.kind = kind, .inputs = {whole("contacts"), whole("status")}};
    FakeInterrupt never;
    QueryCounters all;
    ASSERT_EQ(find_docids(view, set, never, all).value().docids.size(), static_cast<std::size_t>(kMany));
    const std::uint64_t keys = all.keys_examined;
    // Walking, and sorting what does not come in order: each asks once in so many.
    EXPECT_GE(never.checks, 2 * keys / Pacer::kRowsBetweenChecks);
    for (std::uint64_t last = 0; last < never.checks; ++last) {
      FakeInterrupt interrupt(last);
      QueryCounters counters;
      const auto found = find_docids(view, set, interrupt, counters);
      ASSERT_FALSE(found.has_value());
      EXPECT_EQ(found.error().reason(), Reason::kCancelled);
      EXPECT_EQ(interrupt.checks, last + 1);
      EXPECT_LE(counters.keys_examined, (last + 1) * 2 * Pacer::kRowsBetweenChecks);
    }
  }
}

}  // namespace
}  // namespace slate
