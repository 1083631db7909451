#include "exec/scan.h"

#include <algorithm>

#include "base/try.h"

namespace slate {

Result<bool> Scan::next(RowBatch& batch) {
  const bool ascends = part_.order == DocidOrder::kAscending;
  for (;;) {
    SLATE_TRY(interrupt_.check());
    SLATE_TRY(ResolvedBlock * block, ascends ? reader_.next(zones_) : reader_.previous(zones_));
    if (block == nullptr) return false;
    RowMask rows = RowMask::live(block->view);
    counters_.rows_examined += block->view.live_count();
    if (part_.after) {
      if (ascends)
        rows.remove_before(*part_.after < block->first_docid() ? 0 : *part_.after - block->first_docid() + 1);
      else if (*part_.after < block->end_docid())
        rows.remove_from(*part_.after - std::min(block->first_docid(), *part_.after));
    }
    if (predicate_ != nullptr) predicate_->filter(*block, rows);
    if (rows.empty()) continue;
    batch.start(block);
    rows.for_each([&](std::size_t row) { batch.add(row); });
    if (!ascends) std::reverse(batch.rows.begin(), batch.rows.begin() + batch.count);
    return true;
  }
}

}  // namespace slate
