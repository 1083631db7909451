// Every live row that passes a predicate, in order of arrival or against it.
#pragma once

#include <optional>

#include "exec/operator.h"
#include "exec/predicate.h"
#include "exec/sort_key.h"
#include "exec/zone_filter.h"

namespace slate {

class Scan final : public Operator {
 public:
  struct Part {
    DocidOrder order = DocidOrder::kAscending;
    std::optional<DocId> after{};  // only rows behind this one, in that order
  };
  // `predicate` may be null: every row passes; so may `zones`. The references outlive the operator.
  Scan(SegmentReader& reader, const Predicate* predicate, const ZoneFilter* zones, Part part,
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
  Part part_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
};

}  // namespace slate
