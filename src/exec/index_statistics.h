// What the planner wants to know, read off the indexes of a snapshot.
#pragma once

#include "exec/generation_view.h"
#include "plan/planner.h"

namespace slate {

// Counts the entries of a range exactly while it has few distinct keys, and estimates the rest from where the
// range lies between the index's least and greatest value. Each estimate costs at most some dozens of key
// reads.
class IndexStatistics final : public Statistics {
 public:
  explicit IndexStatistics(const GenerationView& view) : view_(view) {}
  std::uint64_t rows() const override { return view_.rows; }
  std::uint64_t segment_rows() const override { return view_.segment_rows; }
  bool is_ready(const Index& index) const override;
  double estimate(const Index& index, std::span<const ValueRange> ranges) const override;

 private:
  const GenerationView& view_;
};

}  // namespace slate
