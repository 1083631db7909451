#include "exec/fetch.h"

#include <algorithm>

#include "base/try.h"

namespace slate {
Result<void> fetch_some(std::span<const DocId>& docids, std::uint64_t most, SegmentReader& reader,
                        const Predicate* predicate, QueryCounters& counters, RowBatch& batch) {
  SLATE_TRY(ResolvedBlock * block, reader.at(docids.front()));
  const DocId first = block->first_docid();
  const std::uint64_t rows_in_block = block->end_docid() - first;
  batch.start(block);
  std::size_t taken = 0;
  const std::size_t limit = std::min<std::uint64_t>(docids.size(), most);
  if (predicate == nullptr) {
    for (; taken < limit && docids[taken] - first < rows_in_block; ++taken) batch.add(docids[taken] - first);
  } else {
    RowMask rows = RowMask::none(rows_in_block);
    for (; taken < limit && docids[taken] - first < rows_in_block; ++taken) rows.set(docids[taken] - first);
    predicate->filter(*block, rows);
    rows.for_each([&](std::size_t row) { batch.add(row); });
    if (taken > 1 && docids[1] < docids[0])
      std::reverse(batch.rows.begin(), batch.rows.begin() + batch.count);
  }
  docids = docids.subspan(taken);
  if (!docids.empty()) reader.prefetch(docids.front());
  counters.rows_examined += taken;
  return {};
}

Result<bool> Fetch::next(RowBatch& batch) {
  for (;;) {
    reader_.forget_when_full();
    if (pending_.empty()) {
      SLATE_TRY(const auto run, docids_->next());
      if (!run) return false;
      pending_ = run->docids;
      settle_ = run->settle;
    }
    SLATE_TRY(interrupt_.check());
    const Predicate* predicate = settle_ ? whole_ : residual_;
    if (predicate == nullptr) {
      const std::size_t skipped = skip_.take(pending_);
      if (!docids_->counts_keys()) counters_.keys_examined += skipped;
      goal_ -= std::min<std::uint64_t>(goal_, skipped);
      if (pending_.empty()) continue;
    }
    const std::uint64_t most = predicate == nullptr ? std::max<std::uint64_t>(goal_, 1) : UINT64_MAX;
    const std::size_t before = pending_.size();
    SLATE_TRY(fetch_some(pending_, most, reader_, predicate, counters_, batch));
    if (!docids_->counts_keys()) counters_.keys_examined += before - pending_.size();
    if (batch.count == 0) continue;
    goal_ -= std::min<std::uint64_t>(goal_, batch.count);
    return true;
  }
}

Result<bool> FetchInOrder::next(std::span<const DocId>& docids, RowBatch& batch) {
  if (gather_.next(batch)) return true;
  if (docids.empty()) return false;
  if (docids.size() >= kGatherRows && gather_.is_useful()) {
    SLATE_TRY(gather_.take(docids));
    return gather_.next(batch);
  }
  reader_.forget_when_full();
  SLATE_TRY(interrupt_.check());
  SLATE_TRY(ResolvedBlock * block, reader_.at(docids.front()));
  batch.start(block);
  std::size_t taken = 0;
  for (; taken < docids.size() && batch.count < kBlockMaxRows; ++taken) {
    if (docids[taken] < block->first_docid() || docids[taken] >= block->end_docid()) break;
    batch.add(docids[taken] - block->first_docid());
  }
  docids = docids.subspan(taken);
  return true;
}

}  // namespace slate
