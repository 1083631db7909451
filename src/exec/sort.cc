#include "exec/sort.h"

#include <algorithm>

#include "base/try.h"

namespace slate {

namespace {

// A sort buffer's ranks as the docids that they stand for.
std::vector<DocId> docids_of(const SortBuffer& buffer, DocidOrder order) {
  std::vector<DocId> docids = buffer.docids();
  for (DocId& docid : docids) docid = rank_of(docid, order);
  return docids;
}

}  // namespace

Result<bool> FullSort::next(RowBatch& batch) {
  if (source_ != nullptr) {
    SortBuffer buffer;
    std::string key;
    for (;;) {
      SLATE_TRY(const bool more, source_->next(batch));
      if (!more) break;
      for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
        encoder_.encode(*batch.block, row, key);
        const DocId rank = rank_of(batch.block->first_docid() + row, ends_.docids);
        if (ends_.admits(key, rank)) buffer.add(key, rank);
      }
    }
    source_.reset();
    buffer.sort();
    docids_ = docids_of(buffer, ends_.docids);
    pending_ = docids_;
  }
  return fetch_.next(pending_, batch);
}

Result<void> TopK::select() {
  RowBatch batch;
  std::vector<Row> heap;  // a max-heap: the front is the first to go
  std::string key;
  for (;;) {
    SLATE_TRY(const bool more, source_->next(batch));
    if (!more) break;
    for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
      encoder_.encode(*batch.block, row, key);
      const DocId rank = rank_of(batch.block->first_docid() + row, ends_.docids);
      if (!ends_.admits(key, rank)) continue;
      if (heap.size() < most_) {
        heap.push_back({.key = key, .rank = rank});
        std::ranges::push_heap(heap);
      } else if (!heap.empty()) {
        const int order = key.compare(heap.front().key);
        if (order > 0 || (order == 0 && rank > heap.front().rank)) continue;
        std::ranges::pop_heap(heap);
        heap.back().key.assign(key);
        heap.back().rank = rank;
        std::ranges::push_heap(heap);
      }
    }
  }
  std::ranges::sort_heap(heap);
  docids_.reserve(heap.size());
  for (const Row& row : heap) docids_.push_back(rank_of(row.rank, ends_.docids));
  pending_ = docids_;
  return {};
}

Result<bool> TopK::next(RowBatch& batch) {
  if (source_ != nullptr) {
    SLATE_TRY(select());
    source_.reset();
  }
  return fetch_.next(pending_, batch);
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

// Reads the rest of the current group's docids and leaves those that pass in `sorted_`.
Result<void> IndexOrder::sort_group(bool whole_order, RowBatch& scratch) {
  const SortKeyEncoder& order = whole_order ? orders_.whole_order : orders_.tie_order;
  buffer_.clear();
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
        const DocId rank = rank_of(scratch.block->first_docid() + row, ends_.docids);
        if (ends_.after) {
          orders_.whole_order.encode(*scratch.block, row, place);
          if (!ends_.admits(place, rank)) continue;
        }
        order.encode(*scratch.block, row, key);
        buffer_.add(key, rank);
      }
    }
  }
  // What follows a group lies behind the place as soon as the walk has begun there.
  if (!starts_anywhere_) ends_.after.reset();
  buffer_.sort();
  sorted_ = docids_of(buffer_, ends_.docids);
  pending_ = sorted_;
  return {};
}

// Makes the whole group one run, its docids in order; none of its rows is read for that.
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
  }
  if (ends_.docids == DocidOrder::kAscending)
    std::ranges::sort(group_);
  else
    std::ranges::sort(group_, std::greater<>());
  next_ = run_;
  run_ = DocidRun{.docids = group_, .starts_group = true, .settle = settle};
  in_group_ = true;
  return {};
}

Result<bool> IndexOrder::next(RowBatch& batch) {
  for (;;) {
    if (!pending_.empty()) return fetch_.next(pending_, batch);
    SLATE_TRY(const bool more, next_run());
    if (!more) return false;
    if (run_->settles_order || orders_.has_ties || ends_.after || starts_anywhere_) {
      SLATE_TRY(sort_group(run_->settles_order, batch));
      continue;
    }
    if (orders_.sorts_groups && !in_group_) SLATE_TRY(gather_group());
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
  while (!has_more_) {
    SLATE_TRY(const bool more, source_->next(batch));
    if (!more) break;
    for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
      if (seen++ < skip_) continue;
      has_more_ = docids_.size() == take_;
      if (has_more_) break;
      docids_.push_back(batch.block->first_docid() + row);
    }
  }
  source_.reset();
  std::ranges::reverse(docids_);
  pending_ = docids_;
  return {};
}

Result<bool> PreviousPage::next(RowBatch& batch) {
  if (source_ != nullptr) SLATE_TRY(gather());
  return fetch_.next(pending_, batch);
}

Result<bool> PreviousPage::has_more() {
  if (source_ != nullptr) SLATE_TRY(gather());
  return has_more_;
}

}  // namespace slate
