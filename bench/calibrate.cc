#include "bench/calibrate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include <slate/database.h>

#include "base/try.h"
#include "bench/run.h"
#include "bench/workload.h"
#include "plan/cost.h"

namespace slate::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::string_view kDatasource = "workload";
// Segments of these sizes: the same rows, so that what differs is the number of segments.
constexpr std::uint32_t kSmallSegment = 64;
constexpr std::uint32_t kLargeSegment = 1024;
constexpr std::size_t kSeeks = 1000;
constexpr std::uint64_t kHeapRows = 10'000;

Filter eq(const char* field, Value value) { return Filter::condition(field, Op::kEq, std::move(value)); }

enum class Drain : std::uint8_t { kAll, kFirstBatch };

struct Timed {
  double ns = 0;
  double rows = 0;    // examined
  double blocks = 0;  // examined
  double keys = 0;    // examined
};

class Calibration {
 public:
  explicit Calibration(const CalibrateOptions& options)
      : options_(options), workload_(options.records), rows_(static_cast<double>(options.records)) {}

  Result<std::vector<Price>> run() {
    SLATE_TRY(measure_segments());
    SLATE_TRY(open(256));
    SLATE_TRY(measure_filters());
    SLATE_TRY(measure_index());
    SLATE_TRY(measure_fetch());
    SLATE_TRY(measure_keys());
    SLATE_TRY(measure_sorts());
    return std::move(prices_);
  }

 private:
  void say(std::string_view what) const {
    if (options_.progress) options_.progress(what);
  }
  double add(std::string name, std::string what, double used, double measured) {
    prices_.push_back(
        {.name = std::move(name), .what = std::move(what), .used_ns = used, .measured_ns = measured});
    return measured;
  }
  double segments() const { return std::ceil(rows_ / 256); }

  Result<void> open(std::uint32_t segment_rows) {
    database_.reset();
    const auto folder = options_.folder / fmt::format("segments-of-{}", segment_rows);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    SLATE_TRY(database_, Database::open({.path = folder, .segment_rows = segment_rows}));
    SLATE_TRY(database_->save_datasource(workload_datasource(std::string(kDatasource), Durability::kOs)));
    return load(*database_, kDatasource, workload_);
  }

  // Median nanoseconds of `work(snapshot)` over some runs, after one to warm up.
  template <typename Work>
  Result<double> time_work(Work&& work) const {
    std::vector<double> times;
    for (std::size_t i = 0; i <= options_.repeat; ++i) {
      SLATE_TRY(const auto snapshot, database_->snapshot(kDatasource));
      const auto began = SteadyClock::now();
      SLATE_TRY(work(*snapshot));
      const std::chrono::duration<double, std::nano> took = SteadyClock::now() - began;
      if (i > 0) times.push_back(took.count());
    }
    return median(std::move(times));
  }
  // Cells are not read.
  Result<Timed> time(const Query& query, const QueryOptions& how, Drain drain = Drain::kAll) const {
    Timed timed;
    const auto run = [&](Snapshot& snapshot) -> Result<void> {
      SLATE_TRY(const auto answer, snapshot.query(query, how));
      for (;;) {
        SLATE_TRY(const Batch* batch, answer->next());
        if (batch == nullptr || drain == Drain::kFirstBatch) break;
      }
      const QueryCounters& counters = answer->counters();
      timed.rows = static_cast<double>(counters.rows_examined);
      timed.blocks = static_cast<double>(counters.blocks_examined);
      timed.keys = static_cast<double>(counters.keys_examined);
      return {};
    };
    SLATE_TRY(timed.ns, time_work(run));
    return timed;
  }
  Result<double> time_count(const Filter& filter, const QueryOptions& how) const {
    return time_work([&](Snapshot& snapshot) { return snapshot.count(filter, {}, how); });
  }
  Result<double> time_plan(const Query& query, const QueryOptions& how) const {
    return time_work([&](Snapshot& snapshot) { return snapshot.explain(query, ExplainMode::kPlan, how); });
  }

  static QueryOptions scan() { return {.disabled_rules = {"zone_maps"}, .force_rule = "scan"}; }
  static QueryOptions by(const char* rule) { return {.force_rule = rule}; }

  // The same scan, which finds nothing, over few segments and many.
  Result<void> measure_segments() {
    say("segments");
    const Query nothing{.filter = Filter::condition("contacts_count", Op::kGt, 1000)};
    SLATE_TRY(open(kSmallSegment));
    SLATE_TRY(const Timed many, time(nothing, scan()));
    SLATE_TRY(open(kLargeSegment));
    SLATE_TRY(const Timed few, time(nothing, scan()));
    segment_ = add("segment", "the next segment of a scan", cost::kSegment,
                   (many.ns - few.ns) / (many.blocks - few.blocks));
    return {};
  }

  // What a scan for `filter`, which finds nothing, takes a row.
  Result<double> filter_price(Filter filter) const {
    SLATE_TRY(const Timed timed, time({.filter = std::move(filter)}, scan()));
    return (timed.ns - segments() * segment_) / rows_;
  }

  Result<void> measure_filters() {
    say("filters");
    SLATE_TRY(const double fixed, filter_price(Filter::condition("contacts_count", Op::kGt, 1000)));
    add("filter: number", "an int, float, date or bool against bounds, a row", cost::kFixedWidth, fixed);
    std::vector<Value> numbers;
    for (int i = 0; i < 100; ++i) numbers.emplace_back(1000 + 2 * i);
    SLATE_TRY(const double listed,
              filter_price(Filter::condition("contacts_count", Op::kIn, ListValue(std::move(numbers)))));
    add("filter: number in list", "against 100 constants, a row", cost::kNumberInList, listed);
    SLATE_TRY(const double few, filter_price(eq("product_recommendation1", "#")));
    add("filter: text of few", "a string of a column of few values, a row", cost::kTextOfFew, few);
    SLATE_TRY(const double text, filter_price(eq("name", "#")));
    add("filter: text", "any other string, a row", cost::kText, text);
    SLATE_TRY(const double folded, filter_price(Filter::condition("name", Op::kIcontains, "#")));
    add("filter: folded text", "the same, folding case, a row", cost::kFoldedText, folded);
    SLATE_TRY(const Timed all, time({.columns = {{"contacts_count"}}}, scan()));
    output_ = add("output_row", "a row's number in a batch", cost::kOutputRow,
                  (all.ns - segments() * segment_) / rows_);
    return {};
  }

  Result<void> measure_index() {
    say("index walks");
    std::vector<Value> absent;
    for (std::size_t i = 0; i < kSeeks; ++i) absent.emplace_back(static_cast<std::int64_t>(1000 + 2 * i));
    const Query seeks{.filter = Filter::condition("contacts_count", Op::kIn, ListValue(std::move(absent)))};
    SLATE_TRY(const Timed sought, time(seeks, by("index_filter")));
    SLATE_TRY(const double planned, time_plan(seeks, by("index_filter")));
    add("seek", "a cursor placed in an index, a range", cost::kSeek, (sought.ns - planned) / kSeeks);
    // One branch comes in order of docids; of the other each key does.
    const auto postings = [&](const Filter& filter) -> Result<std::pair<double, double>> {
      SLATE_TRY(const double both, time_count(Filter::any_of({eq("status", "active"), filter}), by("union")));
      SLATE_TRY(const auto snapshot, database_->snapshot(kDatasource));
      SLATE_TRY(const Count active, snapshot->count(eq("status", "active")));
      SLATE_TRY(const Count others, snapshot->count(filter));
      return std::pair(both, static_cast<double>(active.value + others.value));
    };
    SLATE_TRY(const auto one_key, postings(eq("contacts_count", 5)));
    posting_ = add("posting", "a docid under a key, united with another index's", cost::kPosting,
                   one_key.first / one_key.second);
    SLATE_TRY(const auto many_keys, postings(Filter::condition("contacts_count", Op::kLt, 50)));
    add("sorted_docid", "a docid put back into order of arrival, per doubling of their number",
        cost::kSortedDocid,
        (many_keys.first - many_keys.second * posting_) / (rows_ / 2 * std::log2(rows_ / 2 + 2)));
    return {};
  }

  // Many rows of each segment, and few: two equations for the price of a row and of a visit.
  Result<void> measure_fetch() {
    say("rows by docid");
    SLATE_TRY(const Timed dense, time({.filter = eq("status", "active")}, by("index_filter")));
    SLATE_TRY(const Timed sparse, time({.filter = eq("contacts_count", 5)}, by("index_filter")));
    const double visit = (sparse.ns / sparse.rows - dense.ns / dense.rows) /
                         (sparse.blocks / sparse.rows - dense.blocks / dense.rows);
    add("block_visit", "a segment found by docid", cost::kBlockVisit, visit);
    fetched_ = add("fetched_row", "a row picked from its segment, its posting and its output",
                   cost::kFetchedRow + cost::kPosting + cost::kOutputRow,
                   (dense.ns - dense.blocks * visit) / dense.rows);
    return {};
  }

  // Every key has one row, and the rows come in order of arrival.
  Result<void> measure_keys() {
    SLATE_TRY(const Timed walk, time({.sort = {{.field = "_id"}}}, by("index_sort")));
    add("key", "the next key of a walk", cost::kKey, walk.ns / walk.rows - fetched_);
    return {};
  }

  // All rows of a scan, up to the first batch of the answer: by then rows have been gathered, as many as fit.
  Result<void> measure_sorts() {
    say("sorts");
    const Query by_index{.sort = {{.field = "contacts_count"}}};
    SLATE_TRY(const Timed walked, time(by_index, by("index_sort")));
    const double gathered = add("gathered_row", "a row of a large sorted answer, its cells copied",
                                cost::kGatheredRow, walked.ns / walked.rows - posting_);
    Query checked = by_index;
    checked.filter = eq("notes", "#");
    SLATE_TRY(const Timed none, time(checked, by("index_sort")));
    add("checked_row", "a row checked before that, many at a time", cost::kCheckedRow,
        none.ns / none.rows - posting_);
    const auto first = [&](std::optional<std::uint64_t> take) -> Result<double> {
      SLATE_TRY(const Timed timed,
                time({.sort = {{.field = "last_contacted_at"}}, .take = take}, scan(), Drain::kFirstBatch));
      return timed.ns;
    };
    SLATE_TRY(const double one, first(1));
    SLATE_TRY(const double heap, first(kHeapRows));
    SLATE_TRY(const double all, first({}));
    const double keyed = (one - segments() * segment_ - rows_ * output_) / rows_;
    add("keyed_row", "a row's sort key, made and compared", cost::kKeyedRow, keyed);
    const double most = static_cast<double>(std::min<std::uint64_t>(kHeapRows, options_.records));
    add("heap_row", "a row that enters the heap", cost::kHeapRow,
        (heap - one - most * gathered) / (most * (1 + std::log(rows_ / most))));
    add("sorted_row", "a row sorted, per four doublings of their number", cost::kSortedRow,
        (all - one - rows_ * gathered) / (rows_ * std::log2(rows_ + 2) / 4));
    return {};
  }

  const CalibrateOptions& options_;
  const Workload workload_;
  const double rows_;
  std::unique_ptr<Database> database_;
  std::vector<Price> prices_;
  double segment_ = 0;
  double output_ = 0;
  double posting_ = 0;
  double fetched_ = 0;
};

}  // namespace

Result<std::vector<Price>> calibrate(const CalibrateOptions& options) { return Calibration(options).run(); }

}  // namespace slate::bench
