#include "plan/settle.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "query/fold.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// The smallest text above all that begin with `prefix`, or nothing when there is none.
std::optional<std::string> text_successor(std::string prefix) {
  while (!prefix.empty()) {
    const auto byte = static_cast<unsigned char>(prefix.back());
    if (byte != 0xff) {
      prefix.back() = static_cast<char>(byte + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::nullopt;
}

// The values of a component that a condition leaves. Not exact: there are values among them that do not
// satisfy it.
struct ConditionRanges {
  std::vector<ValueRange> ranges;
  bool exact = true;
};

ValueRange prefix_range(const std::string& prefix) {
  ValueRange range{.lower = Bound{.value = prefix}};
  if (auto end = text_successor(prefix))
    range.upper = Bound{.value = std::move(*end), .inclusive = Inclusive::kNo};
  return range;
}

// The ranges of one condition, or nothing when an index of that collation cannot settle it.
std::optional<ConditionRanges> ranges_of(const BoundFilter& condition, Collation collation) {
  const bool compares_alike = condition.case_rule == case_rule_of(collation);
  switch (condition.kind) {
    case Kind::kRange:
      if (!compares_alike) return std::nullopt;
      return ConditionRanges{.ranges = {ValueRange{.lower = condition.lower, .upper = condition.upper}}};
    case Kind::kIn: {
      if (!compares_alike) return std::nullopt;
      ConditionRanges found;
      for (const Scalar& value : condition.values)
        found.ranges.push_back({.lower = Bound{.value = value}, .upper = Bound{.value = value}});
      return found;
    }
    case Kind::kIsnull: return ConditionRanges{.ranges = {ValueRange{.kind = ValueRange::Kind::kNulls}}};
    case Kind::kNot:
      if (condition.children.front().kind == Kind::kIsnull) return ConditionRanges{.ranges = {ValueRange{}}};
      return std::nullopt;
    case Kind::kText:
      if (condition.match != TextMatch::kStartswith) return std::nullopt;
      if (compares_alike) return ConditionRanges{.ranges = {prefix_range(condition.needle)}};
      if (collation == Collation::kBinary) return std::nullopt;
      return ConditionRanges{.ranges = {prefix_range(fold_case(condition.needle))}, .exact = false};
    default: return std::nullopt;
  }
}

std::uint32_t column_of(const BoundFilter& condition) {
  return condition.kind == Kind::kNot ? condition.children.front().column : condition.column;
}

// Prefixes beyond this many are not multiplied out further: the next component's conditions are checked on
// the rows.
constexpr std::size_t kMostPrefixes = FilterLimits::kInValues;

std::optional<Bound> later(const std::optional<Bound>& a, const std::optional<Bound>& b) {
  if (!a || !b) return a ? a : b;
  if (a->value != b->value) return a->value > b->value ? a : b;
  return a->inclusive == Inclusive::kNo ? a : b;
}
std::optional<Bound> earlier(const std::optional<Bound>& a, const std::optional<Bound>& b) {
  if (!a || !b) return a ? a : b;
  if (a->value != b->value) return a->value < b->value ? a : b;
  return a->inclusive == Inclusive::kNo ? a : b;
}

bool is_empty(const ValueRange& range) {
  if (!range.lower || !range.upper) return false;
  if (range.lower->value != range.upper->value) return range.lower->value > range.upper->value;
  return range.lower->inclusive == Inclusive::kNo || range.upper->inclusive == Inclusive::kNo;
}

std::vector<ValueRange> intersect(std::span<const ValueRange> a, std::span<const ValueRange> b) {
  std::vector<ValueRange> both;
  for (const ValueRange& x : a) {
    for (const ValueRange& y : b) {
      if (x.kind != y.kind) continue;
      ValueRange range{.kind = x.kind, .lower = later(x.lower, y.lower), .upper = earlier(x.upper, y.upper)};
      if (!is_empty(range)) both.push_back(std::move(range));
    }
  }
  return both;
}

// The ranges that conjuncts leave one component, ascending, and which of them need no further check; nothing
// when none says anything.
struct ComponentRanges {
  std::vector<ValueRange> ranges;
  std::vector<std::size_t> settled;
};
std::optional<ComponentRanges> component_ranges(std::span<const BoundFilter> conjuncts, std::uint32_t column,
                                                Collation collation) {
  std::optional<ComponentRanges> found;
  for (std::size_t i = 0; i < conjuncts.size(); ++i) {
    if (column_of(conjuncts[i]) != column) continue;
    auto condition = ranges_of(conjuncts[i], collation);
    if (!condition) continue;
    if (found)
      found->ranges = intersect(found->ranges, condition->ranges);
    else
      found = ComponentRanges{.ranges = std::move(condition->ranges), .settled = {}};
    if (condition->exact) found->settled.push_back(i);
  }
  return found;
}

std::optional<Scalar> single_value(const ValueRange& range) {
  if (range.kind == ValueRange::Kind::kNulls) return std::nullopt;
  return range.lower->value;
}

}  // namespace

std::span<const BoundFilter> conjuncts_of(const BoundFilter& filter) {
  if (filter.kind == Kind::kTrue) return {};
  if (filter.kind == Kind::kAnd) return filter.children;
  return std::span(&filter, 1);
}

SettledRanges settle(std::span<const BoundFilter> conjuncts, const Index& index) {
  SettledRanges result{.settled = ConjunctSet(conjuncts.size(), false)};
  for (const IndexComponent& component : index.components) {
    auto found = component_ranges(conjuncts, component.column, component.collation);
    if (!found) break;
    const std::size_t prefixes = std::max<std::size_t>(result.ranges.size(), 1);
    const bool is_equality = std::ranges::all_of(found->ranges, &ValueRange::is_single_value);
    if (prefixes * found->ranges.size() > kMostPrefixes) break;
    for (const std::size_t i : found->settled) result.settled[i] = true;
    if (found->ranges.empty()) {
      result.contradiction = true;
      result.ranges.clear();
      return result;
    }
    if (component.direction == Direction::kDescending) std::ranges::reverse(found->ranges);
    std::vector<IndexRange> longer;
    if (result.ranges.empty()) result.ranges.emplace_back();
    for (const IndexRange& range : result.ranges) {
      for (const ValueRange& next : found->ranges) {
        longer.push_back(range);
        if (is_equality)
          longer.back().prefix.push_back(single_value(next));
        else
          longer.back().next = next;
      }
    }
    result.ranges = std::move(longer);
    if (!is_equality) break;
    ++result.equalities;
  }
  return result;
}

BoundFilter rest_of(std::span<const BoundFilter> conjuncts, const ConjunctSet& settled) {
  std::vector<BoundFilter> rest;
  for (std::size_t i = 0; i < conjuncts.size(); ++i)
    if (!settled[i]) rest.push_back(conjuncts[i]);
  if (rest.empty()) return {};
  if (rest.size() == 1) return std::move(rest.front());
  BoundFilter all{.kind = Kind::kAnd};
  all.children = std::move(rest);
  return all;
}

bool is_constant(std::span<const BoundFilter> conjuncts, std::uint32_t column, Collation collation) {
  const auto found = component_ranges(conjuncts, column, collation);
  return found && found->ranges.size() == 1 && found->ranges.front().is_single_value();
}

}  // namespace slate
