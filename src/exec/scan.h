// Every live row that passes a predicate, in order of arrival.
#pragma once

#include "exec/operator.h"
#include "exec/predicate.h"

namespace slate {

class Scan final : public Operator {
 public:
  // `predicate` may be null: every row passes. The references outlive the operator.
  Scan(SegmentReader& reader, const Predicate* predicate, Interrupt& interrupt, QueryCounters& counters)
      : reader_(reader), predicate_(predicate), interrupt_(interrupt), counters_(counters) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  SegmentReader& reader_;
  const Predicate* predicate_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
};

}  // namespace slate
