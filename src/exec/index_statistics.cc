#include "exec/index_statistics.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "exec/index_walker.h"
#include "exec/key_range.h"
#include "exec/predicate.h"
#include "exec/value_frequencies.h"
#include "storage/cursor.h"

namespace slate {
namespace {

// Distinct keys counted one by one before the rest is estimated.
constexpr int kCountedKeys = 32;
// Segments that a probe looks into. Of fewer entries than this any plan is cheap; of more, of more keys or of
// a larger share of the rows, to pass over them takes too long, or the sample has enough of them.
constexpr double kProbedSegments = 64;
constexpr double kFewestProbedEntries = 128;
constexpr double kMostProbedEntries = 131'072;
constexpr double kMostProbedKeys = 256;
constexpr double kMostProbedShare = 0.125;
// What a range is taken to hold when nothing better is known.
constexpr double kUnknownShare = 0.33;

struct Counted {
  IndexEstimate estimate;
  bool complete = false;  // the whole range was counted
};

Result<Counted> count_some(storage::PostingCursor& cursor, const KeyRange& keys, int most) {
  Counted counted;
  SLATE_TRY(auto key, cursor.seek(keys.begin));
  for (int i = 0; i < most; ++i) {
    counted.complete = !key || !keys.contains(*key);
    if (counted.complete) return counted;
    SLATE_TRY(const std::uint64_t count, cursor.count_postings());
    counted.estimate.entries += static_cast<double>(count);
    ++counted.estimate.keys;
    SLATE_TRY(key, cursor.next_key());
  }
  counted.complete = !key || !keys.contains(*key);
  return counted;
}

// The conditions that a range of an index stands for.
BoundFilter filter_of(const IndexRange& range, const Index& index) {
  BoundFilter all{.kind = BoundFilter::Kind::kAnd};
  for (std::size_t i = 0; i < range.prefix.size(); ++i) {
    BoundFilter condition{.kind = BoundFilter::Kind::kIsnull, .column = index.components[i].column};
    if (range.prefix[i]) {
      condition.kind = BoundFilter::Kind::kRange;
      condition.case_rule = case_rule_of(index.components[i].collation);
      condition.lower = condition.upper = Bound{.value = *range.prefix[i]};
    }
    all.children.push_back(std::move(condition));
  }
  if (range.next) {
    const IndexComponent& component = index.components[range.prefix.size()];
    BoundFilter is_null{.kind = BoundFilter::Kind::kIsnull, .column = component.column};
    if (range.next->kind == ValueRange::Kind::kNulls)
      all.children.push_back(std::move(is_null));
    else if (range.next->lower || range.next->upper)
      all.children.push_back({.kind = BoundFilter::Kind::kRange,
                              .column = component.column,
                              .lower = range.next->lower,
                              .upper = range.next->upper,
                              .case_rule = case_rule_of(component.collation)});
    else
      all.children.push_back({.kind = BoundFilter::Kind::kNot, .children = {std::move(is_null)}});
  }
  if (all.children.size() == 1) return std::move(all.children.front());
  if (all.children.empty()) all.kind = BoundFilter::Kind::kTrue;
  return all;
}

// Rows of one segment that an index names and a filter lets through, and how many it names.
class Probe {
 public:
  Probe(const BoundFilter& filter, const GenerationView& view)
      : columns_(*view.schema), predicate_(compile(filter, columns_)) {}
  Result<void> open(const GenerationView& view) {
    SLATE_TRY(reader_, SegmentReader::open(view.segment_source(), columns_, counters_));
    return {};
  }

  // Looks into the segment of docids[at]: at all of the `docids`, which ascend, that lie there. Answers the
  // position behind the last of them.
  Result<std::size_t> look(std::span<const DocId> docids, std::size_t at) {
    SLATE_TRY(ResolvedBlock * block, reader_->at(docids[at]));
    RowMask rows = RowMask::none(block->view.row_count());
    auto first = docids.begin() + static_cast<std::ptrdiff_t>(at);
    while (first != docids.begin() && *std::prev(first) >= block->first_docid()) --first;
    auto last = first;
    for (; last != docids.end() && *last < block->end_docid(); ++last) rows.set(*last - block->first_docid());
    seen.sampled += static_cast<double>(rows.count());
    if (predicate_ != nullptr) predicate_->filter(*block, rows);
    seen.matching += static_cast<double>(rows.count());
    return static_cast<std::size_t>(last - docids.begin());
  }
  SampleCount seen;

 private:
  ColumnSet columns_;
  std::unique_ptr<Predicate> predicate_;
  QueryCounters counters_;
  std::unique_ptr<SegmentReader> reader_;
};

bool is_whole(const IndexRange& range) { return range.prefix.empty() && !range.next; }

}  // namespace

bool IndexStatistics::is_ready(const Index& index) const {
  const auto position = static_cast<std::size_t>(&index - view_.schema->indexes.data());
  return position < view_.indexes.size() && view_.indexes[position].has_value();
}

IndexEstimate IndexStatistics::entries(const Index& index, std::span<const IndexRange> ranges) const {
  const auto position = static_cast<std::size_t>(&index - view_.schema->indexes.data());
  const auto rows = static_cast<double>(view_.rows);
  const auto distinct_keys = [&] {
    double keys = 1;
    for (const IndexComponent& component : index.components) {
      const auto distinct = this->distinct(component.column);
      if (!distinct) return rows;
      keys *= *distinct + 1;
    }
    return std::min(rows, keys);
  };
  auto cursor = storage::PostingCursor::open(*view_.transaction, *view_.indexes[position]);
  IndexEstimate total;
  int keys_left = kCountedKeys;
  for (const IndexRange& range : ranges) {
    if (is_whole(range)) return {.entries = rows, .keys = distinct_keys()};
    std::optional<Counted> counted;
    if (cursor && keys_left > 0) {
      if (auto some = count_some(*cursor, key_range(range, index), keys_left)) counted = *some;
    }
    if (counted && counted->complete) {
      keys_left -= static_cast<int>(counted->estimate.keys) + 1;
      total.entries += counted->estimate.entries;
      total.keys += counted->estimate.keys;
      continue;
    }
    const auto sampled = sample(filter_of(range, index));
    const double share =
        sampled && sampled->sampled > 0 ? sampled->matching / sampled->sampled : kUnknownShare;
    double entries = rows * share;
    double keys = distinct_keys() * share;
    if (counted) {
      entries = std::max(entries, counted->estimate.entries);
      keys = std::max(keys, counted->estimate.keys);
    }
    total.entries += entries;
    total.keys += keys;
  }
  total.entries = std::min(total.entries, rows);
  return total;
}

std::optional<SampleCount> IndexStatistics::sample(const BoundFilter& filter) const {
  if (!view_.statistics) return std::nullopt;
  const auto block = view_.statistics->sample();
  if (!block) return std::nullopt;
  const auto rows = static_cast<double>(block->row_count());
  ColumnSet columns(*view_.schema);
  const auto predicate = compile(filter, columns);
  if (predicate == nullptr) return SampleCount{.sampled = rows, .matching = rows};
  std::vector<ColumnView> views;
  for (const std::uint32_t column : columns.columns())
    views.push_back(block->column(view_.schema->columns[column].id, view_.schema->columns[column].type));
  const ResolvedBlock resolved{.view = *block, .columns = views};
  RowMask mask = RowMask::live(*block);
  predicate->filter(resolved, mask);
  return SampleCount{.sampled = rows, .matching = static_cast<double>(mask.count())};
}

std::optional<SampleCount> IndexStatistics::probe(const Index& index, std::span<const IndexRange> ranges,
                                                  const IndexEstimate& size,
                                                  const BoundFilter& filter) const {
  const double most = std::min(kMostProbedEntries, kMostProbedShare * static_cast<double>(rows()));
  if (size.entries < kFewestProbedEntries || size.entries > most || size.keys > kMostProbedKeys) return {};
  const auto probed = [&]() -> Result<SampleCount> {
    const auto position = static_cast<std::uint32_t>(&index - view_.schema->indexes.data());
    SLATE_TRY(auto walker, IndexWalker::open(view_, {.index = position}, ranges));
    Probe probe(filter, view_);
    SLATE_TRY(probe.open(view_));
    const double step = std::max(1.0, size.entries / kProbedSegments);
    double next = step / 2;  // of the entries, by their place in the index
    double passed = 0;
    for (;;) {
      SLATE_TRY(const auto key, walker.next_key());
      if (!key) return probe.seen;
      for (;;) {
        SLATE_TRY(const auto docids, walker.next_postings());
        if (docids.empty()) break;
        const auto count = static_cast<double>(docids.size());
        while (next < passed + count) {
          SLATE_TRY(const std::size_t end, probe.look(docids, static_cast<std::size_t>(next - passed)));
          while (next < passed + static_cast<double>(end)) next += step;
        }
        passed += count;
      }
    }
  }();
  if (!probed || probed->sampled == 0) return {};
  return *probed;
}

std::optional<double> IndexStatistics::distinct(std::uint32_t column) const {
  if (column == kRecordIdColumn) return static_cast<double>(view_.rows);
  if (!view_.statistics) return std::nullopt;
  const ColumnStatistics* known = view_.statistics->find(view_.schema->columns[column].id);
  if (known == nullptr) return std::nullopt;
  // Of values that hardly repeat there are more when there are more rows.
  const auto then = static_cast<double>(view_.statistics->rows());
  const auto now = static_cast<double>(view_.rows);
  return known->distinct > then / 2 ? known->distinct * now / then : known->distinct;
}

std::optional<std::uint64_t> IndexStatistics::nulls(std::uint32_t column) const {
  if (column == kRecordIdColumn) return 0;
  return count_nulls(view_, column);
}

std::optional<std::uint64_t> IndexStatistics::known_matches(const BoundFilter& filter) const {
  return count_values(view_, filter);
}

}  // namespace slate
