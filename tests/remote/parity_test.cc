// What a client is told over TCP is what the embedded database says, to the byte: the same random queries
// over the same random data, rows, errors, counts, cursors and counters.
//
//   SLATE_PARITY_SEED=n      default 1
//   SLATE_PARITY_QUERIES=n   default 400
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

#include "differential/random_data.h"
#include "differential/reference.h"
#include "testing/served_database.h"

namespace slate {
namespace {

using differential::RandomData;
using differential::Reference;

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

// Errors with all their parts.
std::string text_of(const Error& error) {
  return error.to_string() + " at " + error.field().value_or("-") + ", hint " + error.hint().value_or("-");
}

struct Answered {
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, Value>>>> rows;
  std::vector<std::string> columns;
  bool has_more = false;
  std::optional<std::string> next_cursor;
  std::optional<std::string> previous_cursor;
  std::uint64_t rows_returned = 0;
  std::uint64_t keys_examined = 0;
  bool operator==(const Answered&) const = default;
};

Result<Answered> ask(Snapshot& snapshot, const Query& query, const QueryOptions& options) {
  SLATE_TRY(const auto result, snapshot.query(query, options));
  Answered answered;
  for (const ResultColumn& column : result->columns()) answered.columns.push_back(column.field);
  for (;;) {
    SLATE_TRY(const Batch* batch, result->next());
    if (batch == nullptr) break;
    for (std::size_t i = 0; i < batch->size(); ++i) {
      Record record = to_record(result->columns(), *batch, i);
      answered.rows.emplace_back(std::move(record.id), std::move(record.cells));
    }
  }
  SLATE_TRY(answered.has_more, result->has_more());
  SLATE_TRY(answered.next_cursor, result->next_cursor());
  SLATE_TRY(answered.previous_cursor, result->previous_cursor());
  answered.rows_returned = result->counters().rows_returned;
  answered.keys_examined = result->counters().keys_examined;
  return answered;
}

template <typename T, typename Same>
void expect_same(const Result<T>& embedded, const Result<T>& remote, const std::string& what, Same same) {
  ASSERT_EQ(embedded.has_value(), remote.has_value())
      << what << ": " << (embedded ? remote.error().to_string() : embedded.error().to_string());
  if (embedded) {
    EXPECT_TRUE(same(*embedded, *remote)) << what;
  } else {
    EXPECT_EQ(text_of(embedded.error()), text_of(remote.error())) << what;
  }
}

class Parity : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_, .clock = &clock_, .segment_rows = 64});
    ASSERT_TRUE(opened) << opened.error().to_string();
    embedded_ = *std::move(opened);
    ClientPoolOptions pool;
    pool.client.query_window_bytes = 16u << 10;  // so that credit matters
    auto served = slate::testing::ServedDatabase::start(*embedded_, {.clock = &clock_}, std::move(pool));
    ASSERT_TRUE(served) << served.error().to_string();
    served_ = *std::move(served);
  }
  void TearDown() override {
    served_.reset();
    embedded_.reset();
    std::filesystem::remove_all(folder_);
  }

  ManualClock clock_{1'767'225'600'000};
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_parity_" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedDatabase> embedded_;
  std::unique_ptr<slate::testing::ServedDatabase> served_;
};

TEST_F(Parity, random_queries_are_answered_alike) {
  const std::uint64_t first_seed = setting("SLATE_PARITY_SEED", 1);
  const std::uint64_t queries = setting("SLATE_PARITY_QUERIES", 400);
  for (std::uint64_t shape = 0; shape < 3; ++shape) {
    const std::uint64_t seed = first_seed * 3 + shape;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Datasource datasource = differential::random_datasource(seed);
    datasource.id += std::to_string(shape);
    RandomData random(seed);
    Reference reference(datasource);
    ASSERT_TRUE(served_->remote().save_datasource(datasource));
    const std::size_t records = std::size_t{10} << (4 * shape);
    std::vector<RecordWrite> writes;
    for (std::size_t i = 0; i < records; ++i) {
      writes.push_back(random.write(records));
      reference.apply(writes.back());
    }
    const auto written = served_->remote().write_batch(datasource.id, writes);
    ASSERT_TRUE(written) << written.error().to_string();

    const auto embedded = *embedded_->snapshot(datasource.id);
    const auto remote = *served_->remote().snapshot(datasource.id);
    ASSERT_EQ(embedded->info().data_version, remote->info().data_version);
    ASSERT_EQ(embedded->info().rows, remote->info().rows);
    ASSERT_EQ(embedded->datasource(), remote->datasource());
    for (std::uint64_t i = 0; i < queries / 3; ++i) {
      Query query = random.query(reference);
      if (random.one_in(10)) query.take = 1 + random.below(20);
      QueryOptions options;
      if (random.one_in(20)) options.disabled_rules = {"index_sort", "no_such_rule"};
      if (random.one_in(20)) options.force_index = "_id";
      if (random.one_in(20)) options.max_rows_examined = random.below(50);
      if (random.one_in(40) && query.filter) query.filter->field += "x";
      const std::string what = "query " + std::to_string(i);
      const auto expected = ask(*embedded, query, options);
      expect_same(expected, ask(*remote, query, options), what, std::equal_to<>());
      if (expected && expected->next_cursor && query.skip == 0) {
        Query next = query;
        next.cursor = expected->next_cursor;
        expect_same(ask(*embedded, next, options), ask(*remote, next, options), what + ", next page",
                    std::equal_to<>());
      }
      expect_same(embedded->count(query.filter, {}, options), remote->count(query.filter, {}, options),
                  what + ", count",
                  [](const Count& a, const Count& b) { return a.value == b.value && a.exact == b.exact; });
      if (random.one_in(4)) {
        const DistinctQuery distinct = random.distinct(reference);
        expect_same(embedded->distinct(distinct), remote->distinct(distinct), what + ", distinct",
                    [](const DistinctValues& a, const DistinctValues& b) {
                      return a.has_more == b.has_more &&
                             std::ranges::equal(a.values, b.values, [](const auto& x, const auto& y) {
                               return x.value == y.value && x.count == y.count;
                             });
                    });
      }
      if (random.one_in(4))
        expect_same(embedded->explain(query, ExplainMode::kPlan, options),
                    remote->explain(query, ExplainMode::kPlan, options), what + ", explain",
                    [](const Explanation& a, const Explanation& b) {
                      return a.rule == b.rule && a.cost == b.cost && a.root.op == b.root.op &&
                             a.root.detail == b.root.detail && a.refused.size() == b.refused.size();
                    });
      if (HasFailure()) return;
    }
    for (const auto& record : reference.records()) {
      const auto expected = embedded->get(record.id);
      const auto got = remote->get(record.id);
      ASSERT_TRUE(expected && got && *got);
      ASSERT_EQ((*expected)->cells, (*got)->cells);
    }
    EXPECT_FALSE(*remote->get("no such record"));
    const auto& columns = embedded->columns();
    const auto& remote_columns = remote->columns();
    ASSERT_EQ(columns.size(), remote_columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) EXPECT_EQ(columns[i].field, remote_columns[i].field);
  }
}

}  // namespace
}  // namespace slate
