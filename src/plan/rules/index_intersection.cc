// Conditions that different indexes settle: the rows that all of them find.
#include <algorithm>

#include "plan/cost.h"
#include "plan/planner.h"
#include "plan/rules/rules.h"

namespace slate {

void add_intersections(const Planning& planning, std::vector<Plan>& candidates) {
  if (!planning.is_on(kRuleIntersection) || planning.conjuncts.size() < 2) return;
  std::vector<PricedSet> sets;
  for (std::uint32_t i = 0; i < planning.schema.indexes.size(); ++i)
    if (auto found = walk_set(planning, planning.conjuncts, i)) sets.push_back(*std::move(found));
  for (std::size_t i = 0; i < planning.conjuncts.size(); ++i) {
    if (planning.conjuncts[i].kind != BoundFilter::Kind::kOr) continue;
    auto found = union_set(planning, planning.conjuncts[i]);
    if (!found) continue;
    const bool exact = found->settled[0];
    found->settled = ConjunctSet(planning.conjuncts.size(), false);
    found->settled[i] = exact;
    sets.push_back(*std::move(found));
  }
  if (sets.size() < 2) return;
  std::ranges::sort(sets, {}, [](const PricedSet& each) { return each.set.estimated_rows; });

  // From the smallest on, each that settles something more and saves more rows than it costs to find.
  PricedSet chosen{
      .set = {.kind = DocidSet::Kind::kIntersection, .estimated_rows = sets[0].set.estimated_rows},
      .settled = sets[0].settled,
      .cost = sets[0].cost};
  chosen.set.inputs.push_back(std::move(sets[0].set));
  const double fetched_row = cost::fetch(1, std::min(1.0, planning.segments / std::max(1.0, planning.rows)));
  for (std::size_t i = 1; i < sets.size(); ++i) {
    bool settles_more = false;
    for (std::size_t j = 0; j < chosen.settled.size(); ++j)
      settles_more |= sets[i].settled[j] && !chosen.settled[j];
    if (!settles_more) continue;
    const double share = sets[i].set.estimated_rows / std::max(1.0, planning.rows);
    const double saved = chosen.set.estimated_rows * (1 - share) * fetched_row;
    if (chosen.set.inputs.size() > 1 && saved < sets[i].cost) continue;
    for (std::size_t j = 0; j < chosen.settled.size(); ++j)
      chosen.settled[j] = chosen.settled[j] || sets[i].settled[j];
    chosen.set.estimated_rows *= share;
    chosen.cost += sets[i].cost;
    chosen.set.inputs.push_back(std::move(sets[i].set));
  }
  if (chosen.set.inputs.size() < 2) return;
  chosen.set.estimated_rows = std::max(chosen.set.estimated_rows, planning.matches);
  candidates.push_back(planning.set_plan(kRuleIntersection, std::move(chosen.set),
                                         rest_of(planning.conjuncts, chosen.settled), chosen.cost));
}

}  // namespace slate
