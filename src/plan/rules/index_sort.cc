// Walks an index whose order is the one asked for, and stops after enough rows.
#include <algorithm>
#include <cmath>
#include <functional>

#include "plan/cost.h"
#include "plan/planner.h"
#include "plan/rules/rules.h"

namespace slate {
namespace {

// A prefix longer than this might be cut differently before each value: such walks are not merged.
constexpr std::size_t kMostMergedPrefixBytes = 200;
// Walks that are merged: each is a cursor.
constexpr std::size_t kMostMerged = 64;

std::size_t prefix_bytes(const IndexRange& range, std::size_t components) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < components; ++i) {
    const auto* text = range.prefix[i] ? std::get_if<std::string>(&*range.prefix[i]) : nullptr;
    bytes += text != nullptr ? 2 * text->size() + 3 : 9;
  }
  return bytes;
}

// An index as an order: components [first, group) give the first `sorted_keys` sort keys.
struct OrderMatch {
  std::uint32_t first = 0;
  std::uint32_t group_components = 0;
  std::uint32_t sorted_keys = 0;
  WalkDirection direction = WalkDirection::kForwards;
};

bool is_null_range(const IndexRange& range, std::uint32_t component) {
  if (component < range.prefix.size()) return !range.prefix[component].has_value();
  return component == range.prefix.size() && range.next && range.next->kind == ValueRange::Kind::kNulls;
}

class SortRule {
 public:
  SortRule(const Planning& planning, std::uint32_t position)
      : planning_(planning),
        index_(planning.schema.indexes[position]),
        position_(position),
        settled_(settle(planning.conjuncts, index_)) {}

  std::optional<Plan> plan() {
    if (settled_.contradiction) return std::nullopt;
    if (settled_.ranges.empty()) settled_.ranges.emplace_back();
    const auto match = best_match();
    if (!match) return std::nullopt;
    IndexWalk walk{.index = position_, .ranges = settled_.ranges, .direction = match->direction};
    for (std::uint32_t c = 0; c < match->first; ++c)
      if (!is_constant_component(c)) walk.merged_components = match->first;
    if (walk.merged_components > 0 && !can_merge(match->first)) return std::nullopt;
    put_in_order(walk, match->first);
    return priced(std::move(walk), *match);
  }

 private:
  // Whether all ranges have the same value there.
  bool is_constant_component(std::uint32_t component) const {
    return component < settled_.equalities &&
           std::ranges::all_of(settled_.ranges, [&](const IndexRange& each) {
             return each.prefix[component] == settled_.ranges.front().prefix[component];
           });
  }

  bool can_have_nulls(std::uint32_t component) const {
    if (planning_.statistics.nulls(index_.components[component].column) == 0u) return false;
    return std::ranges::any_of(settled_.ranges, [&](const IndexRange& range) {
      if (component < range.prefix.size()) return !range.prefix[component].has_value();
      return component > range.prefix.size() || !range.next || range.next->kind == ValueRange::Kind::kNulls;
    });
  }

  bool gives(const IndexComponent& component, const BoundSortKey& key) const {
    return key.column == component.column &&
           component.collation == planning_.schema.columns[key.column].collation;
  }

  // How far the components from `first` on follow the sort.
  OrderMatch match_from(std::uint32_t first) const {
    const auto& sort = planning_.query.sort;
    OrderMatch match{.first = first, .group_components = first};
    for (std::uint32_t c = first; c < index_.components.size() && match.sorted_keys < sort.size(); ++c) {
      const IndexComponent& component = index_.components[c];
      const BoundSortKey& key = sort[match.sorted_keys];
      if (!gives(component, key)) {
        if (c > first && is_constant_component(c)) {
          match.group_components = c + 1;
          continue;
        }
        break;
      }
      const auto direction =
          key.direction == component.direction ? WalkDirection::kForwards : WalkDirection::kBackwards;
      if (match.sorted_keys == 0) match.direction = direction;
      if (direction != match.direction) break;
      // Of the first of them the nulls are a range of their own, walked when they are due.
      const bool nulls_first =
          (component.direction == Direction::kAscending) == (direction == WalkDirection::kForwards);
      if (match.sorted_keys > 0 && nulls_first != (key.nulls == Nulls::kFirst) && can_have_nulls(c)) break;
      ++match.sorted_keys;
      match.group_components = c + 1;
    }
    while (is_constant_component(match.group_components)) ++match.group_components;
    return match;
  }

  std::optional<OrderMatch> best_match() const {
    std::optional<OrderMatch> best;
    for (std::uint32_t first = 0; first <= settled_.equalities && first < index_.components.size(); ++first) {
      const OrderMatch match = match_from(first);
      if (match.sorted_keys > 0 && (!best || match.sorted_keys > best->sorted_keys)) best = match;
    }
    return best;
  }

  bool can_merge(std::uint32_t first) const {
    return planning_.is_on(kRuleInMerge) && settled_.ranges.size() <= kMostMerged &&
           std::ranges::all_of(settled_.ranges, [&](const IndexRange& each) {
             return prefix_bytes(each, first) <= kMostMergedPrefixBytes;
           });
  }

  // Ranges in the order of the walk, nulls of the first sort key where they are wanted.
  void put_in_order(IndexWalk& walk, std::uint32_t first) const {
    std::vector<IndexRange> ranges;
    for (IndexRange& range : walk.ranges) {
      if (range.prefix.size() == first && !range.next) {
        ranges.push_back({.prefix = range.prefix, .next = ValueRange{}});
        ranges.push_back({.prefix = range.prefix, .next = ValueRange{.kind = ValueRange::Kind::kNulls}});
      } else {
        ranges.push_back(std::move(range));
      }
    }
    if (walk.direction == WalkDirection::kBackwards) std::ranges::reverse(ranges);
    const auto is_null = [&](const IndexRange& range) { return is_null_range(range, first); };
    if (planning_.query.sort.front().nulls == Nulls::kLast)
      std::ranges::stable_partition(ranges, std::not_fn(is_null));
    else
      std::ranges::stable_partition(ranges, is_null);
    walk.ranges = std::move(ranges);
  }

  Plan priced(IndexWalk walk, const OrderMatch& match) const {
    Plan plan = planning_.base_plan(walk.merged_components > 0 ? kRuleInMerge : kRuleIndexSort);
    plan.residual = rest_of(planning_.conjuncts, settled_.settled);
    plan.ordering = Ordering::kIndex;
    plan.group_components = match.group_components;
    plan.sorted_keys = match.sorted_keys;
    const IndexEstimate estimate = planning_.statistics.entries(index_, settled_.ranges);
    const double entries = std::max(1.0, estimate.entries);
    double looked_at = planning_.examined(entries);

    const bool leaves_keys = match.sorted_keys < planning_.query.sort.size();
    double group_rows = 0;  // that are read together
    if (leaves_keys || match.group_components < index_.components.size() || walk.merged_components > 0) {
      double groups = estimate.keys;
      if (match.group_components < index_.components.size())
        groups = std::min(groups,
                          planning_.statistics.distinct(index_.components[match.group_components - 1].column)
                              .value_or(groups));
      group_rows = entries / std::max(1.0, groups);
    }
    // Whole groups are read: their rows when sort keys are left, their docids otherwise.
    const double gathered =
        group_rows > 0 ? std::min(entries, std::ceil(looked_at / group_rows) * group_rows) : looked_at;
    if (leaves_keys) looked_at = gathered;
    plan.estimated_examined = looked_at;
    // Of entries that all count, those that are skipped are passed over without their rows.
    const double fetched = leaves_keys || plan.residual.kind != BoundFilter::Kind::kTrue
                               ? looked_at
                               : std::max(0.0, looked_at - static_cast<double>(planning_.query.skip));
    const double share = looked_at / entries;
    const double keys = std::max(1.0, estimate.keys * share);
    const double visits =
        std::min(fetched, keys * cost::segments_touched(fetched / keys, planning_.segments));
    plan.cost = static_cast<double>(walk.ranges.size()) * cost::kSeek + keys * cost::kKey +
                looked_at * cost::kPosting +
                cost::fetch_sorted(fetched, std::min(fetched, planning_.wanted), visits);
    if (leaves_keys)
      plan.cost += looked_at * (cost::kKeyedRow + cost::kSortedRow * std::log2(group_rows + 2) / 4);
    else if (group_rows > 0)
      plan.cost += gathered * cost::kPosting + cost::arrival_sort(gathered);
    if (walk.merged_components > 0)
      plan.cost += keys * cost::kKey * std::log2(static_cast<double>(walk.ranges.size()) + 1);
    plan.access = std::move(walk);
    return plan;
  }

  const Planning& planning_;
  const Index& index_;
  std::uint32_t position_;
  SettledRanges settled_;
};

}  // namespace

void add_index_sorts(const Planning& planning, std::vector<Plan>& candidates) {
  if (!planning.is_on(kRuleIndexSort) || planning.query.sort.empty()) return;
  for (std::uint32_t i = 0; i < planning.schema.indexes.size(); ++i) {
    if (!planning.statistics.is_ready(planning.schema.indexes[i])) continue;
    if (auto plan = SortRule(planning, i).plan()) candidates.push_back(*std::move(plan));
  }
}

}  // namespace slate
