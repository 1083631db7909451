#include "exec/executor.h"

#include <algorithm>
#include <limits>

#include "base/try.h"
#include "exec/docid_stream.h"
#include "exec/fetch.h"
#include "exec/scan.h"
#include "exec/sort.h"

namespace slate {
namespace {

// Beyond this many rows a heap gains nothing over sorting.
constexpr std::uint64_t kMostInHeap = 100'000;

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

// A plan put to work: operators, and what they share.
class Pipeline {
 public:
  Pipeline(Plan plan, const GenerationView& view, const QueryOptions& options)
      : plan_(std::move(plan)),
        view_(view),
        options_(options),
        interrupt_(options_),
        columns_(*view.schema) {}

  Result<void> open() {
    columns_.add(kRecordIdColumn);
    for (const std::uint32_t column : plan_.columns) columns_.add(column);
    residual_ = compile(plan_.residual, columns_);
    whole_ = compile(plan_.filter, columns_);
    std::optional<SortKeyEncoder> encoder;
    if (!plan_.sort.empty()) encoder.emplace(plan_.sort, columns_);
    std::optional<SortKeyEncoder> ties;
    if (plan_.sort.size() > 1) ties.emplace(std::span(plan_.sort).subspan(1), columns_);
    SLATE_TRY(reader_, SegmentReader::open(*view_.transaction, view_.segments, *view_.verified, columns_,
                                           view_.segment_rows, view_.now, counters_));

    // One row beyond the last tells whether there are more.
    const std::uint64_t goal =
        plan_.take ? add_saturating(add_saturating(plan_.skip, *plan_.take), 1) : UINT64_MAX;
    std::unique_ptr<DocidStream> docids;
    if (const auto* walk = std::get_if<IndexWalk>(&plan_.access)) {
      SLATE_TRY(docids, IndexDocids::open(view_, *walk));
      if (plan_.ordering == Ordering::kSortedDocids)
        docids = std::make_unique<SortedDocids>(std::move(docids), counters_);
    }
    if (plan_.ordering == Ordering::kIndex) {
      root_ = std::make_unique<IndexOrder>(
          std::move(docids),
          IndexOrder::Orders{.tie_order = std::move(ties), .whole_order = *std::move(encoder)}, *reader_,
          residual_.get(), whole_.get(), goal, interrupt_, counters_);
      return {};
    }
    const bool sorts = plan_.ordering == Ordering::kTopK || plan_.ordering == Ordering::kFullSort;
    if (docids != nullptr)
      root_ = std::make_unique<Fetch>(std::move(docids), *reader_, residual_.get(), whole_.get(),
                                      sorts ? UINT64_MAX : goal, interrupt_, counters_);
    else
      root_ = std::make_unique<Scan>(*reader_, residual_.get(), interrupt_, counters_);
    if (plan_.ordering == Ordering::kTopK && goal <= kMostInHeap)
      root_ = std::make_unique<TopK>(std::move(root_), *std::move(encoder), goal, *reader_, interrupt_);
    else if (sorts)
      root_ = std::make_unique<FullSort>(std::move(root_), *std::move(encoder), *reader_, interrupt_);
    return {};
  }

  Result<bool> next(RowBatch& batch) { return root_->next(batch); }
  const Plan& plan() const { return plan_; }
  QueryCounters& counters() { return counters_; }

 private:
  Plan plan_;
  GenerationView view_;
  QueryOptions options_;
  Interrupt interrupt_;
  QueryCounters counters_;
  ColumnSet columns_;
  std::unique_ptr<Predicate> residual_;
  std::unique_ptr<Predicate> whole_;
  std::unique_ptr<SegmentReader> reader_;
  std::unique_ptr<Operator> root_;
};

class PlanResult final : public ResultSet {
 public:
  PlanResult(Plan plan, const GenerationView& view, const QueryOptions& options,
             std::shared_ptr<const void> keep_alive)
      : keep_alive_(std::move(keep_alive)), pipeline_(std::move(plan), view, options) {
    skip_ = pipeline_.plan().skip;
    take_ = pipeline_.plan().take.value_or(UINT64_MAX);
    for (const std::uint32_t position : pipeline_.plan().columns) {
      const Column& column = view.schema->columns[position];
      columns_.push_back({.field = column.path, .type = column.type, .items = column.items});
    }
  }

  Result<void> open() { return pipeline_.open(); }

  const std::vector<ResultColumn>& columns() const override { return columns_; }
  const QueryCounters& counters() const override { return const_cast<Pipeline&>(pipeline_).counters(); }

  Result<const Batch*> next() override {
    while (take_ > 0) {
      SLATE_TRY(const bool more, pull());
      if (!more) return nullptr;
      const std::uint64_t skipped = std::min<std::uint64_t>(skip_, pending_.size());
      skip_ -= skipped;
      pending_ = pending_.subspan(skipped);
      if (pending_.empty()) continue;
      const std::size_t taken = std::min<std::uint64_t>(take_, pending_.size());
      const std::span<const ColumnView> all(rows_.block->columns);
      batch_ = {.id = all.front(), .columns = all.subspan(1, columns_.size()), .rows = pending_.first(taken)};
      pending_ = pending_.subspan(taken);
      take_ -= taken;
      pipeline_.counters().rows_returned += taken;
      return &batch_;
    }
    return nullptr;
  }

  Result<bool> has_more() override {
    // With nothing taken, rows may still have to be skipped.
    for (;;) {
      SLATE_TRY(const bool more, pull());
      if (!more) return false;
      if (skip_ < pending_.size()) return true;
      skip_ -= pending_.size();
      pending_ = {};
    }
  }

 private:
  // True when rows are pending.
  Result<bool> pull() {
    if (!pending_.empty()) return true;
    if (ended_) return false;
    SLATE_TRY(const bool more, pipeline_.next(rows_));
    ended_ = !more;
    if (ended_) return false;
    pending_ = std::span<const std::uint16_t>(rows_.rows).first(rows_.count);
    return true;
  }

  std::shared_ptr<const void> keep_alive_;
  Pipeline pipeline_;
  std::vector<ResultColumn> columns_;
  std::uint64_t skip_ = 0;
  std::uint64_t take_ = 0;
  RowBatch rows_;
  std::span<const std::uint16_t> pending_;
  Batch batch_;
  bool ended_ = false;
};

// The number of entries of a walk that settles its filter, or nothing when some entry must be checked.
Result<std::optional<std::uint64_t>> count_entries(const IndexWalk& walk, const GenerationView& view,
                                                   std::uint64_t limit) {
  SLATE_TRY(auto cursor, storage::PostingCursor::open(*view.transaction, *view.indexes[walk.index]));
  std::uint64_t total = 0;
  for (const ValueRange& range : walk.ranges) {
    const KeyRange keys = key_range(range, view.schema->indexes[walk.index]);
    SLATE_TRY(auto key, cursor.seek(keys.begin));
    while (key && keys.contains(*key)) {
      if (key->size() >= kSettleKeyBytes) return std::nullopt;
      SLATE_TRY(const std::uint64_t count, cursor.count_postings());
      total += count;
      if (total > limit) return total;
      SLATE_TRY(key, cursor.next_key());
    }
  }
  return total;
}

Count counted(std::uint64_t total, std::uint64_t limit) {
  return {.value = std::min(total, limit), .exact = total <= limit};
}

}  // namespace

Result<std::unique_ptr<ResultSet>> execute(Plan plan, const GenerationView& view, const QueryOptions& options,
                                           std::shared_ptr<const void> keep_alive) {
  std::erase(plan.columns, kRecordIdColumn);
  auto result = std::make_unique<PlanResult>(std::move(plan), view, options, std::move(keep_alive));
  SLATE_TRY(result->open());
  return result;
}

Result<Count> execute_count(const Plan& plan, const GenerationView& view, const QueryOptions& options,
                            std::optional<std::uint64_t> limit) {
  const std::uint64_t most = limit.value_or(std::numeric_limits<std::uint64_t>::max());
  if (plan.filter.kind == BoundFilter::Kind::kTrue) return counted(view.rows, most);
  const auto* walk = std::get_if<IndexWalk>(&plan.access);
  if (walk != nullptr && plan.residual.kind == BoundFilter::Kind::kTrue) {
    SLATE_TRY(const auto total, count_entries(*walk, view, most));
    if (total) return counted(*total, most);
  }
  Pipeline pipeline(plan, view, options);
  SLATE_TRY(pipeline.open());
  RowBatch batch;
  std::uint64_t total = 0;
  while (total <= most) {
    SLATE_TRY(const bool more, pipeline.next(batch));
    if (!more) break;
    total += batch.count;
  }
  return counted(total, most);
}

}  // namespace slate
