// Every segment in order of arrival; without a sort it stops after enough matches.
#include <algorithm>

#include "plan/cost.h"
#include "plan/planner.h"
#include "plan/rules/rules.h"

namespace slate {
namespace {

// Nanoseconds of filtering, as priced, from which on it is worth waking another thread, which takes some ten
// thousand.
constexpr double kWorthParallel = 150'000;

}  // namespace

void add_scan(const Planning& planning, std::vector<Plan>& candidates) {
  Plan plan = planning.base_plan(kScan);
  plan.residual = planning.query.filter;
  const bool stops = planning.query.sort.empty();
  plan.estimated_examined = stops ? planning.examined(planning.rows) : planning.rows;
  const double share = planning.rows > 0 ? plan.estimated_examined / planning.rows : 0;
  const double filtering =
      std::max(1.0, planning.segments * share) * cost::kSegment +
      plan.estimated_examined * cost::filter_row(planning.query.filter, planning.schema, planning.statistics);
  plan.cost = filtering + std::min(planning.wanted, planning.matches) * cost::kOutputRow;
  const bool is_parallel = planning.is_on(kRuleParallelScan) &&
                           planning.query.filter.kind != BoundFilter::Kind::kTrue &&
                           (filtering >= kWorthParallel || planning.options.force_rule == kRuleParallelScan);
  plan.access = SegmentScan{.skips_segments = planning.is_on(kRuleZoneMaps), .is_parallel = is_parallel};
  if (!stops) plan.cost += planning.order_rows(plan);
  candidates.push_back(std::move(plan));
}

}  // namespace slate
