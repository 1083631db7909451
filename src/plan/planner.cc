#include "plan/planner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>

#include "base/try.h"
#include "plan/sargable.h"
#include "plan/selectivity.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// Prices, in units of one row that a scan looks at (a few nanoseconds). Measured on workload W, see
// docs/planner.md.
constexpr double kScanRow = 1.0;
constexpr double kIndexEntry = 0.4;     // one posting read
constexpr double kSeek = 30.0;          // finding a place in an index
constexpr double kSegmentVisit = 12.0;  // finding a segment and its columns
constexpr double kFetchedRow = 2.0;     // a row looked at out of its segment's order
constexpr double kHeapRow = 1.5;        // a row offered to a top-k heap
constexpr double kSortedRow = 4.0;      // a row sorted, per doubling
constexpr double kDocidRow = 2.0;       // a docid put back into order

constexpr std::array<std::string_view, 4> kRules = {kRuleIndexFilter, kRuleIndexSort, kRuleLimitPushdown,
                                                    kRuleTopK};

class Planner {
 public:
  Planner(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
          const QueryOptions& options)
      : query_(query), schema_(schema), statistics_(statistics), options_(options) {}

  Result<Plan> run() {
    SLATE_TRY(check_options());
    rows_ = static_cast<double>(statistics_.rows());
    matches_ = rows_ * selectivity(query_.filter, schema_, statistics_);
    wanted_ = matches_;
    if (query_.take && is_on(kRuleLimitPushdown)) {
      // One more row than asked for tells whether there are more.
      const double end = static_cast<double>(query_.skip) + static_cast<double>(*query_.take) + 1;
      wanted_ = std::min(matches_, end);
    }
    add_scan();
    for (std::uint32_t i = 0; i < schema_.indexes.size(); ++i) {
      if (!statistics_.is_ready(schema_.indexes[i])) continue;
      if (is_on(kRuleIndexFilter)) add_index_filter(i);
      if (is_on(kRuleIndexSort)) add_index_sort(i);
    }
    return choose();
  }

 private:
  bool is_on(std::string_view rule) const {
    return std::ranges::find(options_.disabled_rules, rule) == options_.disabled_rules.end();
  }

  Result<void> check_options() const {
    for (const std::string& rule : options_.disabled_rules) {
      if (std::ranges::find(kRules, rule) == kRules.end())
        return fail(Error(Reason::kInvalidArgument, fmt::format("there is no planner rule \"{}\"", rule))
                        .with_field("disabled_rules"));
    }
    if (options_.force_index && schema_.find_index(*options_.force_index) == nullptr)
      return fail(
          Error(Reason::kInvalidArgument, fmt::format("there is no index \"{}\"", *options_.force_index))
              .with_field("force_index"));
    return {};
  }

  Plan base_plan() const {
    Plan plan;
    plan.filter = query_.filter;
    plan.residual = query_.filter;
    plan.sort = query_.sort;
    plan.skip = query_.skip;
    plan.take = query_.take;
    plan.columns = query_.columns;
    plan.estimated_matches = matches_;
    return plan;
  }

  // Rows to look at until `wanted_` of them have matched, when matches are spread evenly over `among` rows.
  double examined(double among, double matching) const {
    if (matching <= 0) return among;
    return std::min(among, among * wanted_ / matching);
  }

  double segments(double looked_at) const {
    return std::min(looked_at, rows_ / static_cast<double>(statistics_.segment_rows()) + 1);
  }

  // Puts rows that come in another order into the one asked for, and prices it.
  double order_rows(Plan& plan, double matching) const {
    if (query_.take && is_on(kRuleTopK)) {
      plan.ordering = Ordering::kTopK;
      return matching * kHeapRow + wanted_ * kFetchedRow;
    }
    plan.ordering = Ordering::kFullSort;
    return matching * kSortedRow * std::log2(matching + 2) / 4 + matching * kFetchedRow;
  }

  void add_scan() {
    Plan plan = base_plan();
    plan.access = SegmentScan{};
    const bool stops = query_.sort.empty();
    const double looked_at = stops ? examined(rows_, matches_) : rows_;
    plan.cost = looked_at * kScanRow +
                segments(looked_at / static_cast<double>(statistics_.segment_rows()) + 1) * kSegmentVisit;
    if (!stops) plan.cost += order_rows(plan, matches_);
    candidates_.push_back(std::move(plan));
  }

  void add_index_filter(std::uint32_t position) {
    const Index& index = schema_.indexes[position];
    const SargableFilter settled = sargable(query_.filter, index.components.front().column);
    if (settled.ranges.empty()) return;
    Plan plan = base_plan();
    plan.access = IndexWalk{.index = position, .ranges = settled.ranges};
    plan.residual = settled.residual;
    const double entries = statistics_.estimate(index, settled.ranges);
    const double seeks = static_cast<double>(settled.ranges.size()) * kSeek;
    if (!query_.sort.empty()) {
      plan.cost = seeks + entries * (kIndexEntry + kFetchedRow) + segments(entries) * kSegmentVisit;
      plan.cost += order_rows(plan, matches_);
    } else if (settled.ranges.size() == 1 && settled.ranges.front().is_single_value() &&
               index.components.size() == 1) {
      const double looked_at = examined(entries, matches_);
      plan.cost = seeks + looked_at * (kIndexEntry + kFetchedRow) + segments(looked_at) * kSegmentVisit;
    } else {
      plan.ordering = Ordering::kSortedDocids;
      const double looked_at = examined(entries, matches_);
      plan.cost = seeks + entries * (kIndexEntry + kDocidRow) + looked_at * kFetchedRow +
                  segments(looked_at) * kSegmentVisit;
    }
    candidates_.push_back(std::move(plan));
  }

  void add_index_sort(std::uint32_t position) {
    const Index& index = schema_.indexes[position];
    if (query_.sort.empty() || index.components.size() != 1) return;
    const BoundSortKey& first = query_.sort.front();
    const IndexComponent& component = index.components.front();
    if (component.column != first.column) return;

    Plan plan = base_plan();
    SargableFilter settled = sargable(query_.filter, first.column);
    IndexWalk walk{.index = position};
    walk.order = first.direction == Direction::kAscending ? WalkOrder::kAscending : WalkOrder::kDescending;
    if (settled.ranges.empty()) {
      walk.ranges = {ValueRange{}, ValueRange{.kind = ValueRange::Kind::kNulls}};
    } else {
      walk.ranges = std::move(settled.ranges);
      plan.residual = settled.residual;
    }
    if (walk.order == WalkOrder::kDescending) std::ranges::reverse(walk.ranges);
    const auto is_nulls = [](const ValueRange& range) { return range.kind == ValueRange::Kind::kNulls; };
    if (first.nulls == Nulls::kLast)
      std::ranges::stable_partition(walk.ranges, std::not_fn(is_nulls));
    else
      std::ranges::stable_partition(walk.ranges, is_nulls);
    const double entries = statistics_.estimate(index, walk.ranges);
    const double looked_at = examined(entries, matches_);
    plan.cost = static_cast<double>(walk.ranges.size()) * kSeek + looked_at * (kIndexEntry + kFetchedRow) +
                segments(looked_at) * kSegmentVisit;
    if (query_.sort.size() > 1) plan.cost += looked_at * kSortedRow;
    plan.ordering = Ordering::kIndex;
    plan.access = std::move(walk);
    candidates_.push_back(std::move(plan));
  }

  bool uses_forced(const Plan& plan) const {
    const auto* walk = std::get_if<IndexWalk>(&plan.access);
    return walk != nullptr && schema_.indexes[walk->index].name == *options_.force_index;
  }

  Plan choose() {
    auto best = std::ranges::min_element(candidates_, {}, &Plan::cost);
    if (options_.force_index) {
      auto forced = candidates_.end();
      for (auto plan = candidates_.begin(); plan != candidates_.end(); ++plan)
        if (uses_forced(*plan) && (forced == candidates_.end() || plan->cost < forced->cost)) forced = plan;
      if (forced != candidates_.end()) best = forced;
    }
    Plan chosen = std::move(*best);
    candidates_.erase(best);
    for (const Plan& plan : candidates_) {
      const auto* walk = std::get_if<IndexWalk>(&plan.access);
      chosen.refused.push_back(
          {.detail = walk != nullptr ? describe_walk(*walk, schema_) : "scan",
           .cost = plan.cost,
           .why = plan.cost < chosen.cost
                      ? "another index was forced"
                      : fmt::format("costs {:.0f}, the chosen plan {:.0f}", plan.cost, chosen.cost)});
    }
    for (const Index& index : schema_.indexes) {
      if (!statistics_.is_ready(index))
        chosen.refused.push_back({.detail = index.name, .why = "the index is still being built"});
    }
    return chosen;
  }

  const BoundQuery& query_;
  const Schema& schema_;
  const Statistics& statistics_;
  const QueryOptions& options_;
  double rows_ = 0;
  double matches_ = 0;
  double wanted_ = 0;
  std::vector<Plan> candidates_;
};

}  // namespace

std::span<const std::string_view> planner_rules() { return kRules; }

Result<Plan> make_plan(const BoundQuery& query, const Schema& schema, const Statistics& statistics,
                       const QueryOptions& options) {
  return Planner(query, schema, statistics, options).run();
}

}  // namespace slate
