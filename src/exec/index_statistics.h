// What the planner wants to know, read off a snapshot: its indexes, and the statistics of its generation.
#pragma once

#include "exec/generation_view.h"
#include "plan/statistics.h"

namespace slate {

// Counts the entries of a range exactly while it has few distinct keys; beyond that, and for everything else,
// counts in the sample. An estimate costs at most some dozens of key reads, a pass over a block, or a look
// into some dozens of segments.
class IndexStatistics final : public Statistics {
 public:
  // The view outlives it.
  explicit IndexStatistics(const GenerationView& view) : view_(view) {}
  std::uint64_t rows() const override { return view_.rows; }
  std::uint64_t segments() const override { return view_.next_docid / view_.segment_rows + 1; }
  bool is_ready(const Index& index) const override;
  IndexEstimate entries(const Index& index, std::span<const IndexRange> ranges) const override;
  std::optional<SampleCount> sample(const BoundFilter& filter) const override;
  std::optional<SampleCount> probe(const Index& index, std::span<const IndexRange> ranges,
                                   const IndexEstimate& size, const BoundFilter& filter) const override;
  std::optional<double> distinct(std::uint32_t column) const override;
  std::optional<std::uint64_t> nulls(std::uint32_t column) const override;
  std::optional<std::uint64_t> known_matches(const BoundFilter& filter) const override;

 private:
  const GenerationView& view_;
};

}  // namespace slate
