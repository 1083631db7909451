// Walks the part of an index that the conditions on its leading fields leave.
#include <algorithm>
#include <cmath>

#include "plan/cost.h"
#include "plan/planner.h"
#include "plan/rules/rules.h"

namespace slate {
namespace {

double walk_cost(const IndexEstimate& estimate, std::size_t ranges) {
  return static_cast<double>(ranges) * cost::kSeek + estimate.keys * cost::kKey +
         estimate.entries * cost::kPosting;
}

}  // namespace

std::optional<PricedSet> walk_set(const Planning& planning, std::span<const BoundFilter> conjuncts,
                                  std::uint32_t position) {
  const Index& index = planning.schema.indexes[position];
  if (!planning.statistics.is_ready(index)) return std::nullopt;
  SettledRanges found = settle(conjuncts, index);
  if (!found.any()) return std::nullopt;
  const IndexEstimate estimate = planning.statistics.entries(index, found.ranges);
  PricedSet priced{.settled = std::move(found.settled),
                   .cost = walk_cost(estimate, found.ranges.size()),
                   .keys = estimate.keys};
  // The docids of one key ascend already.
  if (found.ranges.size() != 1 || !found.ranges.front().is_single_key(index))
    priced.cost += cost::arrival_sort(estimate.entries);
  priced.set = {.walk = {.index = position, .ranges = std::move(found.ranges)},
                .estimated_rows = estimate.entries};
  return priced;
}

void add_index_filters(const Planning& planning, std::vector<Plan>& candidates) {
  if (!planning.is_on(kRuleIndexFilter)) return;
  for (std::uint32_t i = 0; i < planning.schema.indexes.size(); ++i) {
    auto found = walk_set(planning, planning.conjuncts, i);
    if (!found) continue;
    BoundFilter rest = rest_of(planning.conjuncts, found->settled);
    if (planning.purpose == Purpose::kCount && rest.kind == BoundFilter::Kind::kTrue &&
        planning.is_on(kRuleCovered)) {
      // Each key knows how many docids it has: none is read.
      Plan plan = planning.base_plan(kRuleIndexFilter);
      plan.residual = std::move(rest);
      plan.covered = true;
      plan.cost = static_cast<double>(found->set.walk.ranges.size()) * cost::kSeek + found->keys * cost::kKey;
      plan.access = std::move(found->set);
      candidates.push_back(std::move(plan));
      continue;
    }
    const IndexWalk& walk = found->set.walk;
    const bool one_key =
        walk.ranges.size() == 1 && walk.ranges.front().is_single_key(planning.schema.indexes[i]);
    if (!one_key || !planning.query.sort.empty()) {
      candidates.push_back(
          planning.set_plan(kRuleIndexFilter, std::move(found->set), std::move(rest), found->cost));
      continue;
    }
    // Rows of one key come in order of arrival: the walk can stop when there are enough.
    Plan plan = planning.base_plan(kRuleIndexFilter);
    plan.residual = std::move(rest);
    plan.estimated_examined = planning.examined(found->set.estimated_rows);
    const double share =
        found->set.estimated_rows > 0 ? plan.estimated_examined / found->set.estimated_rows : 0;
    plan.cost = cost::kSeek + plan.estimated_examined * cost::kPosting +
                cost::fetch(plan.estimated_examined,
                            share * cost::segments_touched(found->set.estimated_rows, planning.segments));
    plan.access = walk;
    candidates.push_back(std::move(plan));
  }
}

}  // namespace slate
