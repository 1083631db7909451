// Scans that idle cores help with: rows, order, counters, limits and errors are those of a scan by one
// thread.
#include <atomic>
#include <gmock/gmock.h>
#include <thread>

#include "codec/key.h"
#include "db/testing/database_fixture.h"

namespace slate {
namespace {

constexpr int kRows = 40'000;  // some turns of the ring of stretches

class ParallelScanTest : public DatabaseFixture {
 protected:
  ParallelScanTest() {
    options_.segment_rows = 64;
    options_.scan_helpers = 3;
    reopen();
    save(prospects());
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    for (int i = 0; i < kRows; ++i) {
      const std::string name = "name " + std::to_string(i * 7919 % kRows);
      const std::vector<CellRef> cells = {{.field = 0, .value = std::string_view(name)},
                                          {.field = 2, .value = std::int64_t{i % 1000}},
                                          {.field = 3, .value = static_cast<double>(i)}};
      EXPECT_TRUE(builder->append("r" + std::to_string(100'000 + i), cells).has_value());
    }
    EXPECT_TRUE(builder->finish().has_value());
    EXPECT_TRUE(builder->publish(clock_.now()).has_value());
  }

  static QueryOptions parallel() { return {.force_rule = "parallel_scan"}; }
  static QueryOptions single() { return {.disabled_rules = {"parallel_scan"}, .force_rule = "scan"}; }
  // Of no index; 1 % of the rows, spread over all segments.
  static Filter some() { return Filter::condition("name", Op::kEndswith, "77"); }

  // The batches of an answer, each with the counters that it came with, and how it ended.
  struct Trace {
    std::vector<Ids> batches;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> examined;  // rows, blocks
    std::uint64_t blocks_skipped = 0;
    std::optional<Reason> ended;
    bool operator==(const Trace&) const = default;
  };
  Trace trace(const Query& query, const QueryOptions& options) {
    const auto from = snapshot();
    const auto rows = from->query(query, options).value();
    Trace trace;
    for (;;) {
      const auto batch = rows->next();
      if (!batch) trace.ended = batch.error().reason();
      if (!batch || *batch == nullptr) break;
      Ids& ids = trace.batches.emplace_back();
      for (const std::uint16_t row : (*batch)->rows) ids.emplace_back((*batch)->id.text(row));
      trace.examined.emplace_back(rows->counters().rows_examined, rows->counters().blocks_examined);
    }
    trace.examined.emplace_back(rows->counters().rows_examined, rows->counters().blocks_examined);
    trace.blocks_skipped = rows->counters().blocks_skipped;
    return trace;
  }
};

TEST_F(ParallelScanTest, rows_order_and_counters_are_those_of_one_thread_batch_by_batch) {
  const Query queries[] = {
      {.filter = some()},
      {.filter = some(), .skip = 100, .take = 50},
      {.filter = some(), .sort = {{.field = "score", .direction = Direction::kDescending}}, .take = 20},
      {.filter = Filter::condition("score", Op::kGt, 35'000.0)},  // most segments are ruled out
      {.filter = Filter::condition("name", Op::kEq, "nobody")},
      {.filter = Filter::condition("name", Op::kStartswith, "name")}};
  for (const Query& query : queries) {
    const Trace alone = trace(query, single());
    EXPECT_FALSE(alone.ended.has_value());
    for (int round = 0; round < 5; ++round) EXPECT_EQ(trace(query, parallel()), alone);
  }
}

TEST_F(ParallelScanTest, pages_in_both_directions_are_the_same) {
  const auto page = [&](const std::optional<std::string>& cursor, const QueryOptions& options) {
    const auto from = snapshot();
    const auto rows = from->query({.filter = some(), .take = 90, .cursor = cursor}, options).value();
    Ids ids;
    while (const Batch* batch = rows->next().value())
      for (const std::uint16_t row : batch->rows) ids.emplace_back(batch->id.text(row));
    return std::tuple(ids, rows->next_cursor().value(), rows->previous_cursor().value());
  };
  std::optional<std::string> cursor;
  int pages = 0;
  do {
    const auto [ids, next, previous] = page(cursor, parallel());
    EXPECT_EQ(page(cursor, single()), std::tuple(ids, next, previous));
    if (previous) {
      EXPECT_EQ(page(previous, parallel()), page(previous, single()));
    }
    cursor = next;
    ++pages;
  } while (cursor);
  EXPECT_EQ(pages, 5);
}

TEST_F(ParallelScanTest, a_limit_of_rows_ends_both_at_the_same_row) {
  for (const std::uint64_t most : {1, 64, 1000, 5000, 30'000, 39'999, 40'000}) {
    QueryOptions options = single();
    options.max_rows_examined = most;
    const Trace alone = trace({.filter = some()}, options);
    options = parallel();
    options.max_rows_examined = most;
    EXPECT_EQ(trace({.filter = some()}, options).batches, alone.batches) << most;
    EXPECT_EQ(trace({.filter = some()}, options).ended, alone.ended) << most;
  }
}

TEST_F(ParallelScanTest, a_damaged_segment_ends_both_behind_the_rows_before_it) {
  change_file([&](storage::WriteTransaction& txn) {
    const auto segments = *txn.find_table("segments", storage::TableKind::kNumbers).value();
    constexpr std::uint64_t kKey = 64 * 400 - 1;
    std::string bytes(txn.get(segments, kKey).value().value());
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(txn.put(segments, kKey, bytes).has_value());
  });
  open();
  const Trace helped = trace({.filter = some()}, parallel());
  EXPECT_EQ(helped.ended, Reason::kCorrupt);
  EXPECT_EQ(trace({.filter = some()}, single()).batches, helped.batches);
  EXPECT_FALSE(helped.batches.empty());
}

TEST_F(ParallelScanTest, counts_and_distinct_values_are_the_same) {
  const auto from = snapshot();
  EXPECT_EQ(from->count(some(), {}, parallel())->value, from->count(some(), {}, single())->value);
  EXPECT_EQ(from->count(some(), 100, parallel())->value, 100u);
  EXPECT_EQ(from->distinct({.field = "score", .filter = some()}, parallel())->values.size(),
            from->distinct({.field = "score", .filter = some()}, single())->values.size());
}

TEST_F(ParallelScanTest, many_at_once_end_early_or_whole_while_records_change) {
  std::atomic<bool> over = false;
  std::thread writer([&] {
    for (int i = 0; !over.load(); ++i)
      ASSERT_TRUE(
          database_->write_batch("prospects", std::vector{record("w" + std::to_string(i % 50), "new", i % 9)})
              .has_value());
  });
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader)
    readers.emplace_back([&, reader] {
      for (int round = 0; round < 10; ++round) {
        const auto from = database_->snapshot("prospects").value();
        const auto rows = from->query({.filter = some()}, parallel()).value();
        std::size_t seen = 0;
        const std::size_t enough = (round + reader) % 3 == 0 ? 400 : static_cast<std::size_t>(round);
        while (seen < enough) {
          const Batch* batch = rows->next().value();
          if (batch == nullptr) break;
          seen += batch->rows.size();
        }
        if (enough == 400) {
          EXPECT_EQ(seen, 400u);
        }
      }
    });
  for (std::thread& reader : readers) reader.join();
  over = true;
  writer.join();
}

TEST_F(ParallelScanTest, too_many_helpers_are_refused_by_name) {
  close();
  options_.path = folder_ / "other";
  options_.scan_helpers = 257;
  const auto refused = Database::open(options_);
  EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(refused.error().field(), "scan_helpers");
}

}  // namespace
}  // namespace slate
