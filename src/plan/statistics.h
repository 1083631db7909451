// What is known of the data at planning time. Answers are estimates and must be cheap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/schema.h"
#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {

// Entries of some ranges of an index, and the distinct keys that they have.
struct IndexEstimate {
  double entries = 0;
  double keys = 0;
};

// How many of some rows, chosen evenly from all, satisfy a filter.
struct SampleCount {
  double sampled = 0;
  double matching = 0;
};

class Statistics {
 public:
  virtual ~Statistics() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint64_t segments() const = 0;
  // Whether the index holds every record (it may still be building).
  virtual bool is_ready(const Index& index) const = 0;
  // REQUIRES: is_ready(index).
  virtual IndexEstimate entries(const Index& index, std::span<const IndexRange> ranges) const = 0;
  // Nothing when there is no sample.
  virtual std::optional<SampleCount> sample(const BoundFilter& filter) const = 0;
  // The same, of rows chosen evenly from some ranges of an index, of which entries() said `size`; nothing
  // where a look at them is not worth its time. REQUIRES: is_ready(index).
  virtual std::optional<SampleCount> probe(const Index& index, std::span<const IndexRange> ranges,
                                           const IndexEstimate& size, const BoundFilter& filter) const = 0;
  // Distinct values of a column, nulls apart; nothing when unknown.
  virtual std::optional<double> distinct(std::uint32_t column) const = 0;
  // Rows of which a column is null, exactly; nothing when unknown.
  virtual std::optional<std::uint64_t> nulls(std::uint32_t column) const = 0;
  // Rows that satisfy a filter, exactly; nothing when that is not known.
  virtual std::optional<std::uint64_t> known_matches(const BoundFilter& filter) const = 0;
};

// Rows that satisfy a filter: read off an index where one settles all of it, counted in the sample where
// enough rows of that match, and put together from both otherwise.
double estimate_matches(const BoundFilter& filter, const Schema& schema, const Statistics& statistics);

}  // namespace slate
