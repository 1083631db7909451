#include "exec/scan.h"

#include "base/try.h"

namespace slate {

Result<bool> Scan::next(RowBatch& batch) {
  for (;;) {
    SLATE_TRY(interrupt_.check());
    SLATE_TRY(const ResolvedBlock* block, reader_.next());
    if (block == nullptr) return false;
    RowMask rows = RowMask::live(block->view);
    counters_.rows_examined += block->view.live_count();
    if (predicate_ != nullptr) predicate_->filter(*block, rows);
    if (rows.empty()) continue;
    batch.block = block;
    batch.count = 0;
    rows.for_each([&](std::size_t row) { batch.add(row); });
    return true;
  }
}

}  // namespace slate
