// An `or` whose branches all have an index: the union of what the indexes find.
#include <algorithm>

#include "plan/planner.h"
#include "plan/rules/rules.h"

namespace slate {
namespace {

// The cheapest set for one branch of an `or`.
std::optional<PricedSet> branch_set(const Planning& planning, const BoundFilter& branch) {
  if (branch.kind == BoundFilter::Kind::kOr) return union_set(planning, branch);
  std::optional<PricedSet> best;
  const auto conjuncts = conjuncts_of(branch);
  for (std::uint32_t i = 0; i < planning.schema.indexes.size(); ++i) {
    auto found = walk_set(planning, conjuncts, i);
    if (found && (!best || found->set.estimated_rows < best->set.estimated_rows)) best = std::move(found);
  }
  return best;
}

}  // namespace

std::optional<PricedSet> union_set(const Planning& planning, const BoundFilter& condition) {
  PricedSet all{.set = {.kind = DocidSet::Kind::kUnion}, .settled = {true}};
  for (const BoundFilter& branch : condition.children) {
    auto found = branch_set(planning, branch);
    if (!found) return std::nullopt;
    all.cost += found->cost;
    all.set.estimated_rows = std::min(planning.rows, all.set.estimated_rows + found->set.estimated_rows);
    all.settled[0] = all.settled[0] && std::ranges::all_of(found->settled, std::identity());
    all.set.inputs.push_back(std::move(found->set));
  }
  return all;
}

void add_unions(const Planning& planning, std::vector<Plan>& candidates) {
  if (!planning.is_on(kRuleUnion)) return;
  for (std::size_t i = 0; i < planning.conjuncts.size(); ++i) {
    if (planning.conjuncts[i].kind != BoundFilter::Kind::kOr) continue;
    auto found = union_set(planning, planning.conjuncts[i]);
    if (!found) continue;
    ConjunctSet settled(planning.conjuncts.size(), false);
    settled[i] = found->settled[0];
    candidates.push_back(planning.set_plan(kRuleUnion, std::move(found->set),
                                           rest_of(planning.conjuncts, settled), found->cost));
  }
}

}  // namespace slate
