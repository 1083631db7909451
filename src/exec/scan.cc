#include "exec/scan.h"

#include <algorithm>

#include "base/try.h"

namespace slate {

RowMask ScanPart::matching(const ResolvedBlock& block, const Predicate* predicate,
                           std::uint64_t& rows_examined) const {
  RowMask rows = RowMask::live(block.view);
  rows_examined += block.view.live_count();
  if (after) {
    if (ascends())
      rows.remove_before(*after < block.first_docid() ? 0 : *after - block.first_docid() + 1);
    else if (*after < block.end_docid())
      rows.remove_from(*after - std::min(block.first_docid(), *after));
  }
  if (predicate != nullptr) predicate->filter(block, rows);
  return rows;
}

void ScanPart::give(ResolvedBlock& block, const RowMask& rows, RowBatch& batch) const {
  batch.start(&block);
  rows.for_each([&](std::size_t row) { batch.add(row); });
  if (!ascends()) std::reverse(batch.rows.begin(), batch.rows.begin() + batch.count);
}

Result<bool> Scan::next(RowBatch& batch) {
  for (;;) {
    SLATE_TRY(interrupt_.check());
    SLATE_TRY(ResolvedBlock * block, part_.ascends() ? reader_.next(zones_) : reader_.previous(zones_));
    if (block == nullptr) return false;
    const RowMask rows = part_.matching(*block, predicate_, counters_.rows_examined);
    if (rows.empty()) continue;
    part_.give(*block, rows, batch);
    return true;
  }
}

}  // namespace slate
