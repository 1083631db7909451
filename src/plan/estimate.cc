#include <algorithm>

#include "plan/settle.h"
#include "plan/statistics.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// With this many matching rows a sample's share is within a factor of two, nineteen times in twenty.
constexpr double kEnoughMatches = 12;
// Guesses for where there is neither an index nor a sample.
constexpr double kEqualityShare = 0.1;
constexpr double kRangeShare = 0.33;
constexpr double kTextShare = 0.1;
constexpr double kNullShare = 0.2;

double guess(const BoundFilter& filter, const Statistics& statistics);

double guess_leaf(const BoundFilter& condition, const Statistics& statistics) {
  const auto distinct = statistics.distinct(condition.column);
  const double equality = distinct && *distinct > 0 ? 1 / *distinct : kEqualityShare;
  switch (condition.kind) {
    case Kind::kRange: return condition.is_equality() ? equality : kRangeShare;
    case Kind::kIn: return std::min(0.8, equality * static_cast<double>(condition.values.size()));
    case Kind::kText: return condition.match == TextMatch::kEquals ? equality : kTextShare;
    case Kind::kIsnull:
    case Kind::kEmpty: return kNullShare;
    default: return 1;
  }
}

// The share of rows that satisfy a filter, conditions taken to be independent.
double guess(const BoundFilter& filter, const Statistics& statistics) {
  switch (filter.kind) {
    case Kind::kTrue: return 1;
    case Kind::kFalse: return 0;
    case Kind::kNot: return 1 - guess(filter.children.front(), statistics);
    case Kind::kAnd: {
      double share = 1;
      for (const BoundFilter& child : filter.children) share *= guess(child, statistics);
      return share;
    }
    case Kind::kOr: {
      double missed = 1;
      for (const BoundFilter& child : filter.children) missed *= 1 - guess(child, statistics);
      return 1 - missed;
    }
    default: return guess_leaf(filter, statistics);
  }
}

// The share of rows that satisfy a filter of which few rows or none of the sample do: each condition by
// itself, as far as the sample knows it.
double rare_share(const BoundFilter& filter, const Statistics& statistics) {
  if (const auto known = statistics.known_matches(filter))
    return static_cast<double>(*known) / static_cast<double>(statistics.rows());
  const auto sample = statistics.sample(filter);
  if (!sample || sample->sampled == 0) return guess(filter, statistics);
  if (sample->matching >= kEnoughMatches) return sample->matching / sample->sampled;
  // Beneath what the sample can see: at most as much as would have shown, less when values are many.
  const double unseen = std::max(sample->matching, 0.7) / sample->sampled;
  switch (filter.kind) {
    case Kind::kAnd: {
      double share = 1;
      for (const BoundFilter& child : filter.children) share *= rare_share(child, statistics);
      return std::min(share, unseen);
    }
    case Kind::kOr: {
      double share = 0;
      for (const BoundFilter& child : filter.children) share += rare_share(child, statistics);
      return std::min(share, unseen);
    }
    case Kind::kRange:
    case Kind::kIn:
    case Kind::kText: return sample->matching > 1 ? unseen : std::min(unseen, guess(filter, statistics));
    default: return unseen;
  }
}

}  // namespace

double estimate_matches(const BoundFilter& filter, const Schema& schema, const Statistics& statistics) {
  const auto rows = static_cast<double>(statistics.rows());
  if (filter.kind == Kind::kTrue || rows == 0) return rows;
  if (filter.kind == Kind::kFalse) return 0;
  if (const auto known = statistics.known_matches(filter)) return static_cast<double>(*known);

  // What the best index settles is counted there; the rest is a share of that.
  const auto conjuncts = conjuncts_of(filter);
  std::optional<double> settled_rows;
  ConjunctSet settled;
  for (const Index& index : schema.indexes) {
    if (!statistics.is_ready(index)) continue;
    SettledRanges found = settle(conjuncts, index);
    if (!found.any()) continue;
    if (found.contradiction) return 0;
    const double entries = statistics.entries(index, found.ranges).entries;
    if (settled_rows && *settled_rows <= entries) continue;
    settled_rows = entries;
    settled = std::move(found.settled);
  }
  if (settled_rows && std::ranges::all_of(settled, std::identity())) return std::min(*settled_rows, rows);

  const auto sample = statistics.sample(filter);
  if (sample && sample->matching >= kEnoughMatches) return rows * sample->matching / sample->sampled;
  if (settled_rows)
    return std::min(rows, *settled_rows * rare_share(rest_of(conjuncts, settled), statistics));
  return rows * rare_share(filter, statistics);
}

}  // namespace slate
