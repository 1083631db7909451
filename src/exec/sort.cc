#include "exec/sort.h"

#include <algorithm>
#include <bit>

#include "base/try.h"
#include "exec/paced_sort.h"

namespace slate {

namespace {

// Rows that an index walk looks at together.
constexpr std::uint64_t kMostChosen = 128 * 1024;

// Docids that a sort hands out together.
constexpr std::uint64_t kDocidsAtOnce = 128 * 1024;

// Hands the key and the rank of each row of `source` that `ends` admits to `take`. `batch` is room to work
// in.
template <typename Take>
Result<void> take_rows(Operator& source, const SortKeyEncoder& encoder, const SortEnds& ends, RowBatch& batch,
                       const Take& take) {
  std::string key;
  for (;;) {
    SLATE_TRY(const bool more, source.next(batch));
    if (!more) return {};
    for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
      encoder.encode(*batch.block, row, key);
      const DocId rank = rank_of(batch.docid(row), ends.docids);
      if (ends.admits(key, rank)) SLATE_TRY(take(key, rank));
    }
  }
}

}  // namespace

Result<void> SortedRows::finish(std::uint64_t most) {
  left_ = most;
  return runs_.start_reading();
}

Result<bool> SortedRows::next(RowBatch& batch) {
  SLATE_TRY(const bool fetched, fetch_.next(pending_, batch));
  if (fetched) return true;
  pending_ = {};
  SLATE_TRY(read_docids(kDocidsAtOnce));
  pending_ = docids_;
  return fetch_.next(pending_, batch);
}

Result<void> SortedRows::append_docids(std::uint64_t most, std::vector<DocId>& docids) {
  SLATE_TRY(read_docids(most));
  docids.insert(docids.end(), docids_.begin(), docids_.end());
  return {};
}

Result<void> SortedRows::read_docids(std::uint64_t most) {
  SLATE_TRY(runs_.next_docids(std::min(left_, most), docids_));
  left_ -= docids_.size();
  for (DocId& docid : docids_) docid = rank_of(docid, order_);
  return {};
}

void SortedRows::clear() {
  runs_.clear();
  left_ = 0;
}

Result<bool> FullSort::next(RowBatch& batch) {
  if (source_ != nullptr) {
    SLATE_TRY(take_rows(*source_, encoder_, ends_, batch,
                        [this](const std::string& key, DocId rank) { return rows_.add(key, rank); }));
    source_.reset();
    SLATE_TRY(rows_.finish(goal_));
  }
  return rows_.next(batch);
}

Result<void> TopK::offer(std::string_view key, DocId rank) {
  const auto is_behind = [&](const Row& last) {
    const int order = key.compare(last.key);
    return order > 0 || (order == 0 && rank > last.rank);
  };
  if (overflown_) return bound_ && is_behind(*bound_) ? Result<void>() : rows_.add(key, rank);
  if (heap_.size() == most_) {
    if (heap_.empty() || is_behind(heap_.front())) return {};
    std::ranges::pop_heap(heap_);
    key_bytes_ -= heap_.back().key.size();
  } else {
    heap_.emplace_back();
  }
  heap_.back().key.assign(key);
  heap_.back().rank = rank;
  std::ranges::push_heap(heap_);
  key_bytes_ += key.size();
  overflown_ = heap_.size() * sizeof(Row) + key_bytes_ > memory_bytes_;
  if (!overflown_) return {};
  if (heap_.size() == most_) bound_ = heap_.front();
  return empty_heap();
}

Result<void> TopK::empty_heap() {
  for (const Row& row : heap_) SLATE_TRY(rows_.add(row.key, row.rank));
  heap_ = {};
  return {};
}

Result<void> TopK::select() {
  RowBatch batch;
  SLATE_TRY(take_rows(*source_, encoder_, ends_, batch,
                      [this](const std::string& key, DocId rank) { return offer(key, rank); }));
  source_.reset();
  SLATE_TRY(empty_heap());
  return rows_.finish(most_);
}

Result<bool> TopK::next(RowBatch& batch) {
  if (source_ != nullptr) SLATE_TRY(select());
  return rows_.next(batch);
}

Result<bool> IndexOrder::next_run() {
  if (run_ && !run_->docids.empty()) return true;
  if (std::exchange(in_group_, false)) {
    run_ = std::exchange(next_, std::nullopt);
    if (run_ && !run_->docids.empty()) return true;
  }
  SLATE_TRY(run_, docids_->next());
  return run_.has_value();
}

Result<void> IndexOrder::fetch_counted(std::uint64_t most, const Predicate* predicate, RowBatch& batch) {
  const std::size_t before = run_->docids.size();
  SLATE_TRY(fetch_some(run_->docids, most, reader_, predicate, counters_, batch));
  counters_.keys_examined += before - run_->docids.size();
  return {};
}

// Reads the rest of the current group's docids and puts those that pass in order, of which at most `most` are
// wanted. Answers how many will come out of rows_.
Result<std::uint64_t> IndexOrder::sort_group(bool whole_order, std::uint64_t most, RowBatch& scratch) {
  const SortKeyEncoder& order = whole_order ? orders_.whole_order : orders_.tie_order;
  rows_.clear();
  is_large_group_ = false;
  std::uint64_t added = 0;
  std::string key;
  std::string place;
  for (bool first = true;; first = false) {
    SLATE_TRY(const bool more, next_run());
    if (!more || (!first && run_->starts_group)) break;
    while (!run_->docids.empty()) {
      reader_.forget_when_full();
      SLATE_TRY(interrupt_.check());
      SLATE_TRY(fetch_counted(UINT64_MAX, run_->settle ? whole_ : residual_, scratch));
      for (const std::uint16_t row : std::span(scratch.rows).first(scratch.count)) {
        const DocId rank = rank_of(scratch.docid(row), ends_.docids);
        if (ends_.after) {
          orders_.whole_order.encode(*scratch.block, row, place);
          if (!ends_.admits(place, rank)) continue;
        }
        order.encode(*scratch.block, row, key);
        SLATE_TRY(rows_.add(key, rank));
        ++added;
      }
    }
  }
  // What follows a group lies behind the place as soon as the walk has begun there.
  if (!starts_anywhere_) ends_.after.reset();
  SLATE_TRY(rows_.finish(most));
  return std::min(added, most);
}

// Sorts the next groups, as many as give the rows that are worth fetching together.
Result<void> IndexOrder::sort_groups(RowBatch& scratch) {
  passed_.clear();
  const std::uint64_t wanted = std::min<std::uint64_t>(goal_, kMostChosen);
  bool more = true;
  while (more && is_sorted_group()) {
    SLATE_TRY(sort_group(run_->settles_order, UINT64_MAX, scratch));
    SLATE_TRY(rows_.append_docids(wanted - passed_.size(), passed_));
    if (passed_.size() == wanted) break;  // the rest of the group stays in rows_
    SLATE_TRY(more, next_run());
  }
  goal_ -= passed_.size();
  pending_ = passed_;
  return {};
}

// Makes the whole group one run, its docids in order; none of its rows is read for that. A group too large
// for it is left to sort_group().
Result<void> IndexOrder::gather_group() {
  group_.clear();
  bool settle = false;
  for (bool first = true;; first = false) {
    SLATE_TRY(const bool more, next_run());
    if (!more || (!first && run_->starts_group)) break;
    SLATE_TRY(interrupt_.check());
    settle |= run_->settle;
    group_.insert(group_.end(), run_->docids.begin(), run_->docids.end());
    run_->docids = {};
    is_large_group_ = group_.size() > most_in_group_;
    if (is_large_group_) {
      run_ = DocidRun{.docids = group_, .starts_group = true, .settle = settle};
      return {};
    }
  }
  const auto in_order = [&](DocId a, DocId b) { return rank_of(a, ends_.docids) < rank_of(b, ends_.docids); };
  if (!std::ranges::is_sorted(group_, in_order)) {
    std::vector<DocId> scratch(group_.size());
    SLATE_TRY(paced_sort(std::span(group_), scratch.data(), in_order, pacer_));
  }
  next_ = run_;
  run_ = DocidRun{.docids = group_, .starts_group = true, .settle = settle};
  in_group_ = true;
  return {};
}

// Takes rows off the run that are skipped and need no look.
void IndexOrder::skip_unread() {
  if ((run_->settle ? whole_ : residual_) != nullptr) return;
  const std::size_t skipped = skip_.take(run_->docids);
  counters_.keys_examined += skipped;
  goal_ -= std::min<std::uint64_t>(goal_, skipped);
}

// Leaves the docids of the next rows that pass in `passed_`: many at a time, so that each block is visited
// once for them.
Result<void> IndexOrder::choose_rows() {
  passed_.clear();
  const std::uint64_t wanted = std::min<std::uint64_t>(goal_, kMostChosen);
  while (passed_.size() < wanted) {
    SLATE_TRY(const bool more, next_run());
    if (!more || is_sorted_group()) break;
    if (orders_.sorts_groups && !in_group_) SLATE_TRY(gather_group());
    const Predicate* predicate = run_->settle ? whole_ : residual_;
    if (!chosen_.empty() && predicate != chosen_by_) SLATE_TRY(keep_chosen());
    chosen_by_ = predicate;
    const auto some =
        run_->docids.first(std::min<std::uint64_t>(run_->docids.size(), wanted - chosen_.size()));
    chosen_.insert(chosen_.end(), some.begin(), some.end());
    run_->docids = run_->docids.subspan(some.size());
    SLATE_TRY(interrupt_.check());
    if (chosen_.size() == wanted) SLATE_TRY(keep_chosen());
  }
  SLATE_TRY(keep_chosen());
  if (passed_.size() > goal_) passed_.resize(goal_);
  goal_ -= passed_.size();
  pending_ = passed_;
  return {};
}

Result<void> IndexOrder::keep_chosen() {
  counters_.keys_examined += chosen_.size();
  counters_.rows_examined += chosen_.size();
  if (chosen_by_ != nullptr) SLATE_TRY(keep_matching(chosen_, *chosen_by_, reader_, interrupt_));
  passed_.insert(passed_.end(), chosen_.begin(), chosen_.end());
  chosen_.clear();
  return {};
}

Result<bool> IndexOrder::next(RowBatch& batch) {
  for (;;) {
    SLATE_TRY(bool fetched, fetch_.next(pending_, batch));
    if (fetched) return true;
    SLATE_TRY(fetched, rows_.next(batch));
    if (fetched) return true;
    SLATE_TRY(const bool more, next_run());
    if (!more) return false;
    if (is_sorted_group()) {
      if (goal_ >= kGatherRows) {
        SLATE_TRY(sort_groups(batch));
      } else {
        const std::uint64_t most = std::max<std::uint64_t>(goal_, 1);
        SLATE_TRY(const std::uint64_t found, sort_group(run_->settles_order, most, batch));
        goal_ -= std::min(goal_, found);
      }
      continue;
    }
    if (orders_.sorts_groups && !in_group_) SLATE_TRY(gather_group());
    if (is_large_group_) continue;
    skip_unread();
    if (run_->docids.empty()) continue;
    if (goal_ >= kGatherRows) {
      SLATE_TRY(choose_rows());
      continue;
    }
    reader_.forget_when_full();
    SLATE_TRY(interrupt_.check());
    const Predicate* predicate = run_->settle ? whole_ : residual_;
    const std::uint64_t most = predicate == nullptr ? std::max<std::uint64_t>(goal_, 1) : UINT64_MAX;
    SLATE_TRY(fetch_counted(most, predicate, batch));
    if (batch.count == 0) continue;
    goal_ -= std::min<std::uint64_t>(goal_, batch.count);
    return true;
  }
}

Result<void> PreviousPage::gather() {
  RowBatch batch;
  std::uint64_t seen = 0;
  const std::uint64_t end = take_ > UINT64_MAX - skip_ ? UINT64_MAX : skip_ + take_;
  while (!has_more_) {
    SLATE_TRY(const bool more, source_->next(batch));
    if (!more) break;
    for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
      const std::uint64_t position = seen++;
      if (position < skip_) continue;
      has_more_ = position == end;
      if (has_more_) break;
      const std::uint64_t image = std::byteswap(~position);  // later rows first
      SLATE_TRY(rows_.add({reinterpret_cast<const char*>(&image), sizeof(image)}, batch.docid(row)));
    }
  }
  source_.reset();
  return rows_.finish(UINT64_MAX);
}

Result<bool> PreviousPage::next(RowBatch& batch) {
  if (source_ != nullptr) SLATE_TRY(gather());
  return rows_.next(batch);
}

Result<bool> PreviousPage::has_more() {
  if (source_ != nullptr) SLATE_TRY(gather());
  return has_more_;
}

}  // namespace slate
