// From a bound query to a plan: candidates are made by rules, priced, and the cheapest is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/options.h>

#include "model/schema.h"
#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {

// What is known of the data at planning time. Answers may be estimates; they must be cheap.
class Statistics {
 public:
  virtual ~Statistics() = default;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint64_t segment_rows() const = 0;
  // Whether the index holds every record (it may still be building).
  virtual bool is_ready(const Index& index) const = 0;
  // Entries of the index within the ranges.
  virtual double estimate(const Index& index, std::span<const ValueRange> ranges) const = 0;
};

// Each can be switched off by its name in QueryOptions::disabled_rules; answers stay the same.
inline constexpr std::string_view kRuleIndexFilter = "index_filter";  // eq, ranges, in, isnull, startswith
inline constexpr std::string_view kRuleIndexSort = "index_sort";      // walk a sort index and stop
inline constexpr std::string_view kRuleLimitPushdown =
    "limit_pushdown";                                   // price a plan by what it stops after
inline constexpr std::string_view kRuleTopK = "top_k";  // a heap instead of a full sort
std::span<const std::string_view> planner_rules();

// Errors: invalid_argument for an unknown rule or index name in the options. O(conditions x indexes), plus
// the cost of the estimates.
Result<Plan> make_plan(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
                       const QueryOptions& options);

}  // namespace slate
