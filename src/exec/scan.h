// Every live row that passes a predicate, in order of arrival or against it.
#pragma once

#include <optional>

#include "exec/operator.h"
#include "exec/predicate.h"
#include "exec/row_mask.h"
#include "exec/sort_key.h"
#include "exec/zone_filter.h"

namespace slate {

// What a scan wants of the store, and in which order.
struct ScanPart {
  DocidOrder order = DocidOrder::kAscending;
  std::optional<DocId> after{};  // only rows behind this one, in that order

  bool ascends() const { return order == DocidOrder::kAscending; }
  // The rows of a block that are wanted and pass. A null predicate passes every row. Counts the rows.
  RowMask matching(const ResolvedBlock& block, const Predicate* predicate,
                   std::uint64_t& rows_examined) const;
  // Makes `rows` of a block the batch.
  void give(ResolvedBlock& block, const RowMask& rows, RowBatch& batch) const;
};

class Scan final : public Operator {
 public:
  // `predicate` may be null: every row passes; so may `zones`. The references outlive the operator.
  Scan(SegmentReader& reader, const Predicate* predicate, const ZoneFilter* zones, ScanPart part,
       Interrupt& interrupt, QueryCounters& counters)
      : reader_(reader),
        predicate_(predicate),
        zones_(zones),
        part_(part),
        interrupt_(interrupt),
        counters_(counters) {
    if (part_.after) reader_.start_at(*part_.after);
  }
  Result<bool> next(RowBatch& batch) override;

 private:
  SegmentReader& reader_;
  const Predicate* predicate_;
  const ZoneFilter* zones_;
  ScanPart part_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
};

}  // namespace slate
