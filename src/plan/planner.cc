#include "plan/planner.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/try.h"
#include "plan/cost.h"
#include "plan/rules/rules.h"

namespace slate {
namespace {

constexpr std::array kRules = {kRuleIndexFilter,  kRuleIndexSort,   kRuleInMerge,  kRuleUnion,
                               kRuleIntersection, kRuleCovered,     kRuleZoneMaps, kRuleLimitPushdown,
                               kRuleTopK,         kRuleParallelScan};

// The query as it is to be walked: without sort keys that the filter fixes to one value, and turned round for
// a previous page.
BoundQuery prepared(const BoundQuery& query, const Schema& schema) {
  BoundQuery ready = query;
  ready.sort.clear();
  if (ready.after) ready.after->values.clear();
  const auto conjuncts = conjuncts_of(query.filter);
  for (std::size_t i = 0; i < query.sort.size(); ++i) {
    BoundSortKey key = query.sort[i];
    if (is_constant(conjuncts, key.column, schema.columns[key.column].collation)) continue;
    if (query.page == PageDirection::kPrevious) {
      key.direction = key.direction == Direction::kAscending ? Direction::kDescending : Direction::kAscending;
      key.nulls = key.nulls == Nulls::kLast ? Nulls::kFirst : Nulls::kLast;
    }
    ready.sort.push_back(key);
    if (ready.after) ready.after->values.push_back(query.after->values[i]);
  }
  return ready;
}

bool uses_index(const DocidSet& set, std::uint32_t index) {
  if (set.kind == DocidSet::Kind::kWalk) return set.walk.index == index;
  return std::ranges::any_of(set.inputs, [&](const DocidSet& input) { return uses_index(input, index); });
}

bool uses_index(const Plan& plan, std::uint32_t index) {
  if (const auto* walk = std::get_if<IndexWalk>(&plan.access)) return walk->index == index;
  if (const auto* set = std::get_if<DocidSet>(&plan.access)) return uses_index(*set, index);
  return false;
}

Planning planning_of(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
                     const QueryOptions& options, Purpose purpose) {
  Planning planning{.query = query,
                    .schema = schema,
                    .statistics = statistics,
                    .options = options,
                    .purpose = purpose,
                    .conjuncts = conjuncts_of(query.filter),
                    .rows = static_cast<double>(statistics.rows()),
                    .segments = std::max(1.0, static_cast<double>(statistics.segments()))};
  planning.matches = estimate_matches(query.filter, schema, statistics);
  planning.wanted = planning.matches;
  if (query.take && planning.is_on(kRuleLimitPushdown)) {
    // One more row than asked for tells whether there are more.
    const double end = static_cast<double>(query.skip) + static_cast<double>(*query.take) + 1;
    planning.wanted = std::min(planning.matches, end);
  }
  return planning;
}

// A parallel scan is a scan all the same.
bool is_parallel_as_asked(const Plan& plan, const QueryOptions& options) {
  const auto* scan = std::get_if<SegmentScan>(&plan.access);
  return scan != nullptr && scan->is_parallel && options.force_rule == kRuleParallelScan;
}

// Whether the options ask for this plan rather than for a cheaper one.
bool is_forced(const Plan& plan, const Planning& planning) {
  const QueryOptions& options = planning.options;
  if (!options.force_index && !options.force_rule) return false;
  if (options.force_rule && plan.rule != *options.force_rule && !is_parallel_as_asked(plan, options))
    return false;
  if (!options.force_index) return true;
  const Index* index = planning.schema.find_index(*options.force_index);
  return uses_index(plan, static_cast<std::uint32_t>(index - planning.schema.indexes.data()));
}

// The best candidate, with what every plan of the query has.
Plan choose(std::vector<Plan> candidates, const Planning& planning, Refusals refusals) {
  auto best = std::ranges::min_element(
      candidates, {}, [&](const Plan& plan) { return std::pair(!is_forced(plan, planning), plan.cost); });
  Plan chosen = std::move(*best);
  candidates.erase(best);
  const BoundQuery& query = planning.query;
  chosen.filter = query.filter;
  chosen.sort = query.sort;
  chosen.after = query.after;
  chosen.page = query.page;
  chosen.skip = query.skip;
  chosen.take = query.take;
  chosen.columns = query.columns;
  if (refusals == Refusals::kNone) return chosen;
  for (const Plan& plan : candidates) {
    chosen.refused.push_back(
        {.detail = describe_access(plan, planning.schema),
         .cost = plan.cost,
         .why = plan.cost < chosen.cost
                    ? "another plan was forced"
                    : fmt::format("costs {:.0f}, the chosen plan {:.0f}", plan.cost, chosen.cost)});
  }
  for (const Index& index : planning.schema.indexes) {
    if (!planning.statistics.is_ready(index))
      chosen.refused.push_back({.detail = index.name, .why = "the index is still being built"});
  }
  return chosen;
}

Plan planned(const Planning& planning, Refusals refusals) {
  std::vector<Plan> candidates;
  add_scan(planning, candidates);
  add_index_filters(planning, candidates);
  add_index_sorts(planning, candidates);
  add_unions(planning, candidates);
  add_intersections(planning, candidates);
  return choose(std::move(candidates), planning, refusals);
}

}  // namespace

bool Planning::is_on(std::string_view rule) const { return is_rule_on(options, rule); }

Plan Planning::base_plan(std::string_view rule) const {
  Plan plan;
  plan.rule = rule;
  plan.estimated_matches = matches;
  return plan;
}

double Planning::examined(double among) const {
  if (matches <= 0) return among;
  return std::min(among, among * wanted / std::min(matches, std::max(among, 1.0)));
}

double Planning::order_rows(Plan& plan) const {
  if (query.take && is_on(kRuleTopK)) {
    plan.ordering = Ordering::kTopK;
    return cost::top_k(matches, wanted) +
           cost::fetch_sorted(wanted, wanted, cost::segments_touched(wanted, segments));
  }
  plan.ordering = Ordering::kFullSort;
  return cost::full_sort(matches) +
         cost::fetch_sorted(matches, matches, cost::segments_touched(matches, segments));
}

Plan Planning::set_plan(std::string_view rule, DocidSet set, BoundFilter rest, double cost) const {
  Plan plan = base_plan(rule);
  plan.residual = std::move(rest);
  const double found = set.estimated_rows;
  plan.covered =
      purpose == Purpose::kCount && plan.residual.kind == BoundFilter::Kind::kTrue && is_on(kRuleCovered);
  const bool stops = query.sort.empty();
  plan.estimated_examined = plan.covered ? 0 : stops ? examined(found) : found;
  plan.cost =
      cost + cost::fetch(plan.estimated_examined, cost::segments_touched(plan.estimated_examined, segments));
  if (!stops) plan.cost += order_rows(plan);
  plan.access = std::move(set);
  return plan;
}

std::span<const std::string_view> planner_rules() { return kRules; }

bool is_rule_on(const QueryOptions& options, std::string_view rule) {
  return std::ranges::find(options.disabled_rules, rule) == options.disabled_rules.end();
}

Result<void> check_planner_options(const QueryOptions& options, const Schema& schema) {
  const auto check_rule = [](const std::string& rule, const char* member) -> Result<void> {
    if (rule == kScan || std::ranges::find(kRules, rule) != kRules.end()) return {};
    return fail(Error(Reason::kInvalidArgument, fmt::format("there is no planner rule \"{}\"", rule))
                    .with_field(member));
  };
  for (const std::string& rule : options.disabled_rules) SLATE_TRY(check_rule(rule, "disabled_rules"));
  if (options.force_rule) SLATE_TRY(check_rule(*options.force_rule, "force_rule"));
  if (options.force_index && schema.find_index(*options.force_index) == nullptr)
    return fail(Error(Reason::kInvalidArgument, fmt::format("there is no index \"{}\"", *options.force_index))
                    .with_field("force_index"));
  return {};
}

Result<Plan> make_plan(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
                       const QueryOptions& options, Refusals refusals) {
  SLATE_TRY(check_planner_options(options, schema));
  const BoundQuery ready = prepared(query, schema);
  Plan plan = planned(planning_of(ready, schema, statistics, options, Purpose::kRows), refusals);
  plan.asked_sort = query.sort;
  return plan;
}

Result<Plan> make_count_plan(const BoundFilter& filter, std::optional<std::uint64_t> limit,
                             const Schema& schema, const Statistics& statistics,
                             const QueryOptions& options) {
  SLATE_TRY(check_planner_options(options, schema));
  const BoundQuery query{.filter = filter, .take = limit};
  return planned(planning_of(query, schema, statistics, options, Purpose::kCount), Refusals::kNone);
}

}  // namespace slate
