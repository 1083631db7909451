#include "exec/sort.h"

#include <algorithm>

#include "base/try.h"

namespace slate {

Result<bool> FullSort::next(RowBatch& batch) {
  if (source_ != nullptr) {
    SortBuffer buffer;
    std::string key;
    for (;;) {
      SLATE_TRY(const bool more, source_->next(batch));
      if (!more) break;
      for (const std::uint16_t row : std::span(batch.rows).first(batch.count)) {
        encoder_.encode(*batch.block, row, key);
        buffer.add(key, batch.block->first_docid() + row);
      }
    }
    source_.reset();
    buffer.sort();
    docids_ = buffer.docids();
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
      const DocId docid = batch.block->first_docid() + row;
      if (heap.size() < most_) {
        heap.push_back({.key = key, .docid = docid});
        std::ranges::push_heap(heap);
      } else if (!heap.empty()) {
        const int order = key.compare(heap.front().key);
        if (order > 0 || (order == 0 && docid > heap.front().docid)) continue;
        std::ranges::pop_heap(heap);
        heap.back().key.assign(key);
        heap.back().docid = docid;
        std::ranges::push_heap(heap);
      }
    }
  }
  std::ranges::sort_heap(heap);
  docids_.reserve(heap.size());
  for (const Row& row : heap) docids_.push_back(row.docid);
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
  SLATE_TRY(run_, docids_->next());
  return run_.has_value();
}

Result<void> IndexOrder::fetch_counted(std::span<const DocId>& docids, std::uint64_t most,
                                       const Predicate* predicate, RowBatch& batch) {
  const std::size_t before = docids.size();
  SLATE_TRY(fetch_some(docids, most, reader_, predicate, counters_, batch));
  counters_.keys_examined += before - docids.size();
  return {};
}

// Reads the rest of the current key's docids and leaves those that pass in `sorted_`.
Result<void> IndexOrder::sort_group(const SortKeyEncoder& order, const Predicate* predicate,
                                    RowBatch& scratch) {
  buffer_.clear();
  std::string key;
  for (bool first = true;; first = false) {
    SLATE_TRY(const bool more, next_run());
    if (!more || (!first && run_->starts_key)) break;
    while (!run_->docids.empty()) {
      reader_.forget_when_full();
      SLATE_TRY(interrupt_.check());
      SLATE_TRY(fetch_counted(run_->docids, UINT64_MAX, predicate, scratch));
      for (const std::uint16_t row : std::span(scratch.rows).first(scratch.count)) {
        order.encode(*scratch.block, row, key);
        buffer_.add(key, scratch.block->first_docid() + row);
      }
    }
  }
  buffer_.sort();
  sorted_ = buffer_.docids();
  pending_ = sorted_;
  return {};
}

Result<bool> IndexOrder::next(RowBatch& batch) {
  for (;;) {
    if (!pending_.empty()) return fetch_.next(pending_, batch);
    SLATE_TRY(const bool more, next_run());
    if (!more) return false;
    if (run_->settle) {
      SLATE_TRY(sort_group(orders_.whole_order, whole_, batch));
      continue;
    }
    if (orders_.tie_order) {
      SLATE_TRY(sort_group(*orders_.tie_order, residual_, batch));
      continue;
    }
    reader_.forget_when_full();
    SLATE_TRY(interrupt_.check());
    const std::uint64_t most = residual_ == nullptr ? std::max<std::uint64_t>(goal_, 1) : UINT64_MAX;
    SLATE_TRY(fetch_counted(run_->docids, most, residual_, batch));
    if (batch.count == 0) continue;
    goal_ -= std::min<std::uint64_t>(goal_, batch.count);
    return true;
  }
}

}  // namespace slate
