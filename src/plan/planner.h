// From a bound query to a plan: candidates are made by rules, priced, and the cheapest is taken.
#pragma once

#include <span>
#include <string_view>

#include <slate/options.h>

#include "model/schema.h"
#include "plan/plan.h"
#include "plan/statistics.h"
#include "query/bound_query.h"

namespace slate {

// Each can be switched off by its name in QueryOptions::disabled_rules; answers stay the same.
inline constexpr std::string_view kRuleIndexFilter = "index_filter";   // eq, ranges, in, isnull, startswith
inline constexpr std::string_view kRuleIndexSort = "index_sort";       // walk a sort index and stop
inline constexpr std::string_view kRuleInMerge = "in_merge";           // `in` before a sort: walks merged
inline constexpr std::string_view kRuleUnion = "union";                // `or` of conditions with indexes
inline constexpr std::string_view kRuleIntersection = "intersection";  // `and` of conditions with indexes
inline constexpr std::string_view kRuleCovered = "covered";            // counts and values without rows
inline constexpr std::string_view kRuleZoneMaps = "zone_maps";         // segments passed over by their bounds
inline constexpr std::string_view kRuleLimitPushdown =
    "limit_pushdown";                                                   // price a plan by what it stops after
inline constexpr std::string_view kRuleTopK = "top_k";                  // a heap instead of a full sort
inline constexpr std::string_view kRuleParallelScan = "parallel_scan";  // idle cores filter segments
std::span<const std::string_view> planner_rules();
// What plans of no rule are called; it cannot be switched off.
inline constexpr std::string_view kScan = "scan";

bool is_rule_on(const QueryOptions& options, std::string_view rule);
// invalid_argument for an unknown rule or index name in the options.
Result<void> check_planner_options(const QueryOptions& options, const Schema& schema);

// Whether a plan tells of those that it was preferred to: it takes longer than to choose it.
enum class Refusals : std::uint8_t { kNone, kTold };

// Errors: as check_planner_options(). O(conditions x indexes), plus the cost of the estimates.
Result<Plan> make_plan(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
                       const QueryOptions& options, Refusals refusals = Refusals::kNone);

// For a count up to `limit`: rows are wanted in no order, and where Plan::covered not at all.
Result<Plan> make_count_plan(const BoundFilter& filter, std::optional<std::uint64_t> limit,
                             const Schema& schema, const Statistics& statistics, const QueryOptions& options);

}  // namespace slate
