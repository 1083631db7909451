#include "exec/executor.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/try.h"
#include "exec/docid_set.h"
#include "exec/docid_stream.h"
#include "exec/fetch.h"
#include "exec/page_cursor.h"
#include "exec/parallel_scan.h"
#include "exec/scan.h"
#include "exec/sort.h"
#include "exec/value_frequencies.h"
#include "exec/zone_filter.h"
#include "plan/planner.h"

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
        interrupt_(options_, counters_),
        columns_(*view.schema),
        docids_(plan_.page == PageDirection::kNext ? DocidOrder::kAscending : DocidOrder::kDescending),
        zones_(plan_.filter, *view.schema),
        running_(view.helpers) {}

  Result<void> open() {
    columns_.add_output(kRecordIdColumn);
    for (const std::uint32_t column : plan_.columns) columns_.add_output(column);
    residual_ = compile(plan_.residual, columns_);
    whole_ = compile(plan_.filter, columns_);
    encoder_.emplace(plan_.sort, columns_);
    SortKeyEncoder ties(
        std::span(plan_.sort).subspan(std::min<std::size_t>(plan_.sorted_keys, plan_.sort.size())), columns_);
    SLATE_TRY(reader_, SegmentReader::open(view_.segment_source(), columns_, counters_));

    // A previous page skips for itself, from its other end.
    if (plan_.page == PageDirection::kNext) skip_.left = plan_.skip;
    // One row beyond the last tells whether there are more.
    goal_ = plan_.take ? add_saturating(add_saturating(plan_.skip, *plan_.take), 1) : UINT64_MAX;
    if (plan_.ordering == Ordering::kIndex)
      SLATE_TRY(open_index_order(std::move(ties)));
    else
      SLATE_TRY(open_and_sort());
    if (plan_.page == PageDirection::kPrevious) {
      auto page = std::make_unique<PreviousPage>(std::move(root_), plan_.skip,
                                                 plan_.take.value_or(UINT64_MAX), room(), *reader_);
      previous_page_ = page.get();
      root_ = std::move(page);
    }
    return {};
  }

  Result<bool> next(RowBatch& batch) { return root_->next(batch); }
  const Plan& plan() const { return plan_; }
  QueryCounters& counters() { return counters_; }
  SegmentReader& reader() { return *reader_; }
  // Rows of next() that are still to be passed over.
  Skip& skip() { return skip_; }
  // Null unless a previous page was asked for: then skip and take are its business.
  PreviousPage* previous_page() { return previous_page_; }

 private:
  storage::PostingOrder posting_order() const {
    return docids_ == DocidOrder::kAscending ? storage::PostingOrder::kAscending
                                             : storage::PostingOrder::kDescending;
  }

  Result<void> open_index_order(SortKeyEncoder ties) {
    const auto& walk = std::get<IndexWalk>(plan_.access);
    const Index& index = view_.schema->indexes[walk.index];
    const bool sorts_groups = plan_.sorted_keys < plan_.sort.size() || walk.merged_components > 0 ||
                              plan_.group_components < index.components.size();
    bool starts_at_place = false;
    SLATE_TRY(auto docids, open_walk(view_, walk,
                                     {.group_components = plan_.group_components,
                                      .docids = posting_order(),
                                      .after = plan_.after ? &*plan_.after : nullptr,
                                      .skips_docids = !sorts_groups,
                                      .sorted = std::span(plan_.sort).first(plan_.sorted_keys)},
                                     &starts_at_place));
    root_ = std::make_unique<IndexOrder>(
        std::move(docids),
        IndexOrder::Orders{.tie_order = std::move(ties),
                           .whole_order = *encoder_,
                           .sorts_groups = sorts_groups,
                           .has_ties = plan_.sorted_keys < plan_.sort.size()},
        sorts_groups || !starts_at_place ? sort_ends() : SortEnds{.docids = docids_},
        plan_.after.has_value() && !starts_at_place, room(), *reader_, residual_.get(), whole_.get(), skip_,
        goal_);
    return {};
  }

  Result<void> open_and_sort() {
    const bool sorts = plan_.ordering == Ordering::kTopK || plan_.ordering == Ordering::kFullSort;
    const std::optional<DocId> after =
        plan_.after && !sorts ? std::optional(plan_.after->docid) : std::nullopt;
    const std::uint64_t goal = sorts ? UINT64_MAX : goal_;
    // What is sorted afterwards is read in order of arrival.
    const DocidOrder order = sorts ? DocidOrder::kAscending : docids_;
    std::unique_ptr<DocidStream> docids;
    if (const auto* walk = std::get_if<IndexWalk>(&plan_.access)) {
      SLATE_TRY(docids, open_arrival_walk(*walk, after));
    } else if (auto* set = std::get_if<DocidSet>(&plan_.access)) {
      docids = std::make_unique<SetDocids>(view_, std::move(*set),
                                           sorts ? storage::PostingOrder::kAscending : posting_order(), after,
                                           interrupt_, counters_);
    }
    if (docids != nullptr) {
      root_ = std::make_unique<Fetch>(std::move(docids), *reader_, residual_.get(), whole_.get(),
                                      sorts ? nothing_skipped_ : skip_, goal, interrupt_, counters_);
    } else {
      const auto& scan = std::get<SegmentScan>(plan_.access);
      const ZoneFilter* zones = scan.skips_segments && zones_.is_useful() ? &zones_ : nullptr;
      const ScanPart part{.order = order, .after = after};
      if (scan.is_parallel && view_.helpers != nullptr)
        root_ = std::make_unique<ParallelScan>(*reader_, residual_.get(), zones, part, interrupt_, counters_,
                                               *view_.helpers);
      else
        root_ = std::make_unique<Scan>(*reader_, residual_.get(), zones, part, interrupt_, counters_);
    }
    if (plan_.ordering == Ordering::kTopK && goal_ <= kMostInHeap)
      root_ = std::make_unique<TopK>(std::move(root_), *encoder_, sort_ends(), goal_, room(), *reader_);
    else if (sorts)
      root_ = std::make_unique<FullSort>(std::move(root_), *encoder_, sort_ends(), goal_, room(), *reader_);
    return {};
  }

  // The docids of one key, in order of arrival or against it, behind a place if there is one.
  Result<std::unique_ptr<DocidStream>> open_arrival_walk(const IndexWalk& walk, std::optional<DocId> after) {
    const Position place{.docid = after.value_or(0)};
    bool starts_at_place = false;
    auto docids = open_walk(
        view_, walk,
        {.group_components = static_cast<std::uint32_t>(view_.schema->indexes[walk.index].components.size()),
         .docids = posting_order(),
         .after = after ? &place : nullptr,
         .skips_docids = true},
        &starts_at_place);
    check(!docids || !after || starts_at_place, "a walk of one key cannot start behind a docid");
    return docids;
  }

  SortRoom room() {
    return {.spill_prefix = view_.path->string() + ".sort",
            .memory_bytes = options_.memory_bytes,
            .interrupt = &interrupt_,
            .counters = &counters_};
  }

  SortEnds sort_ends() const {
    SortEnds ends{.docids = docids_};
    if (plan_.after)
      ends.after = SortPlace{.key = encoder_->encode(plan_.after->values),
                             .rank = rank_of(plan_.after->docid, docids_)};
    return ends;
  }

  Plan plan_;
  GenerationView view_;
  QueryOptions options_;
  QueryCounters counters_;
  QueryInterrupt interrupt_;
  ColumnSet columns_;
  DocidOrder docids_;  // of rows that are equal in the order asked for
  ZoneFilter zones_;
  ScanHelpers::Query running_;
  std::unique_ptr<Predicate> residual_;
  std::unique_ptr<Predicate> whole_;
  std::optional<SortKeyEncoder> encoder_;
  std::unique_ptr<SegmentReader> reader_;
  Skip skip_;
  Skip nothing_skipped_;  // of operators whose rows are sorted afterwards
  std::uint64_t goal_ = 0;
  std::unique_ptr<Operator> root_;
  PreviousPage* previous_page_ = nullptr;
};

class PlanResult final : public ResultSet {
 public:
  PlanResult(Plan plan, const GenerationView& view, const QueryOptions& options,
             std::shared_ptr<const void> keep_alive)
      : keep_alive_(std::move(keep_alive)), pipeline_(std::move(plan), view, options), view_(view) {
    take_ = pipeline_.plan().take.value_or(UINT64_MAX);
    for (const std::uint32_t position : pipeline_.plan().columns) {
      const Column& column = view.schema->columns[position];
      columns_.push_back({.field = column.path, .type = column.type, .items = column.items});
    }
  }

  Result<void> open() {
    SLATE_TRY(pipeline_.open());
    if (pipeline_.previous_page() != nullptr) {
      take_ = UINT64_MAX;
    }
    return {};
  }

  const std::vector<ResultColumn>& columns() const override { return columns_; }
  const QueryCounters& counters() const override { return const_cast<Pipeline&>(pipeline_).counters(); }

  Result<const Batch*> next() override {
    while (take_ > 0) {
      SLATE_TRY(const bool more, pull());
      if (!more) return nullptr;
      pass_over();
      if (pending_.empty()) continue;
      const std::size_t taken = std::min<std::uint64_t>(take_, pending_.size());
      if (!first_row_) first_row_ = rows_.docid(pending_.front());
      last_row_ = rows_.docid(pending_[taken - 1]);
      pipeline_.reader().complete(*rows_.block);
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
    if (pipeline_.previous_page() != nullptr) return pipeline_.previous_page()->has_more();
    // With nothing taken, rows may still have to be skipped.
    for (;;) {
      SLATE_TRY(const bool more, pull());
      if (!more) return false;
      pass_over();
      if (!pending_.empty()) return true;
    }
  }

  Result<std::optional<std::string>> next_cursor() override {
    if (!last_row_) return std::nullopt;
    if (pipeline_.plan().page == PageDirection::kNext) {
      SLATE_TRY(const bool more, has_more());
      if (!more) return std::nullopt;
    }
    return token(*last_row_, PageDirection::kNext);
  }

  Result<std::optional<std::string>> previous_cursor() override {
    if (!first_row_) return std::nullopt;
    if (pipeline_.plan().page == PageDirection::kPrevious) {
      SLATE_TRY(const bool more, has_more());
      if (!more) return std::nullopt;
    } else if (!pipeline_.plan().after && pipeline_.plan().skip == 0) {
      return std::nullopt;
    }
    return token(*first_row_, PageDirection::kPrevious);
  }

 private:
  Result<std::optional<std::string>> token(DocId docid, PageDirection page) const {
    const Plan& plan = pipeline_.plan();
    SLATE_TRY(std::string text, make_cursor(plan.filter, plan.asked_sort, view_, docid, page));
    return text;
  }

  // Takes pending rows that are skipped.
  void pass_over() {
    std::uint64_t& left = pipeline_.skip().left;
    const std::uint64_t passed = std::min<std::uint64_t>(left, pending_.size());
    left -= passed;
    pending_ = pending_.subspan(passed);
  }

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
  const GenerationView& view_;
  std::optional<DocId> first_row_;  // returned
  std::optional<DocId> last_row_;
  std::vector<ResultColumn> columns_;
  std::uint64_t take_ = 0;
  RowBatch rows_;
  std::span<const std::uint16_t> pending_;
  Batch batch_;
  bool ended_ = false;
};

// What a covered count comes to, or nothing when some entry must be checked.
Result<std::optional<std::uint64_t>> count_covered(const DocidSet& set, const GenerationView& view,
                                                   std::uint64_t limit, const QueryOptions& options,
                                                   QueryCounters& counters) {
  QueryInterrupt interrupt(options, counters);
  if (set.kind != DocidSet::Kind::kWalk) {
    SLATE_TRY(const FoundDocids found, find_docids(view, set, interrupt, counters));
    return found.settle ? std::nullopt : std::optional<std::uint64_t>(found.docids.size());
  }
  std::uint64_t total = 0;
  const auto visit = [&](std::string_view, std::uint64_t count) -> Result<Visit> {
    total += count;
    return total <= limit ? Visit::kGoOn : Visit::kStop;
  };
  SLATE_TRY(const bool whole, visit_keys(view, set.walk, interrupt, counters, visit));
  if (!whole) return std::nullopt;
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

Result<Count> execute_count(Plan plan, const GenerationView& view, const QueryOptions& options) {
  const std::uint64_t most = plan.take.value_or(std::numeric_limits<std::uint64_t>::max());
  if (plan.filter.kind == BoundFilter::Kind::kTrue) return counted(view.rows, most);
  QueryCounters counters;
  if (plan.covered) {
    SLATE_TRY(const auto total,
              count_covered(std::get<DocidSet>(plan.access), view, most, options, counters));
    if (total) return counted(*total, most);
  } else if (is_rule_on(options, kRuleCovered)) {
    if (const auto total = count_values(view, plan.filter)) return counted(*total, most);
  }
  Pipeline pipeline(std::move(plan), view, options);
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
