#include <algorithm>
#include <functional>

#include "plan/settle.h"
#include "plan/statistics.h"
#include "query/fold.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// With this many matching rows a sample's share is within a factor of two, nineteen times in twenty.
constexpr double kEnoughMatches = 12;
// What is seen of so few rows is believed as much as a guess that took this many to be what it says.
constexpr double kGuessWeight = 16;
// Guesses for where there is neither an index nor a sample.
constexpr double kEqualityShare = 0.1;
constexpr double kRangeShare = 0.33;
constexpr double kTextShare = 0.1;
constexpr double kNullShare = 0.2;

double guess(const BoundFilter& filter, const Schema& schema, const Statistics& statistics);

// Rows that equal a folded text, as far as an index that does not fold knows its usual spellings.
std::optional<double> spelled_matches(const BoundFilter& condition, const Schema& schema,
                                      const Statistics& statistics) {
  if (condition.kind != Kind::kText || condition.match != TextMatch::kEquals) return std::nullopt;
  BoundFilter spelled{.kind = Kind::kIn, .column = condition.column};
  for (std::string& spelling : usual_spellings(condition.needle))
    spelled.values.emplace_back(std::move(spelling));
  std::ranges::sort(spelled.values);
  const auto repeated = std::ranges::unique(spelled.values);
  spelled.values.erase(repeated.begin(), repeated.end());
  for (const Index& index : schema.indexes) {
    if (!statistics.is_ready(index)) continue;
    const SettledRanges found = settle(std::span(&spelled, 1), index);
    if (!found.ranges.empty()) return statistics.entries(index, found.ranges).entries;
  }
  return std::nullopt;
}

double guess_leaf(const BoundFilter& condition, const Schema& schema, const Statistics& statistics) {
  if (const auto spelled = spelled_matches(condition, schema, statistics); spelled && *spelled > 0)
    return *spelled / static_cast<double>(statistics.rows());
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
double guess(const BoundFilter& filter, const Schema& schema, const Statistics& statistics) {
  switch (filter.kind) {
    case Kind::kTrue: return 1;
    case Kind::kFalse: return 0;
    case Kind::kNot: return 1 - guess(filter.children.front(), schema, statistics);
    case Kind::kAnd: {
      double share = 1;
      for (const BoundFilter& child : filter.children) share *= guess(child, schema, statistics);
      return share;
    }
    case Kind::kOr: {
      double missed = 1;
      for (const BoundFilter& child : filter.children) missed *= 1 - guess(child, schema, statistics);
      return 1 - missed;
    }
    default: return guess_leaf(filter, schema, statistics);
  }
}

// The share of rows that satisfy a filter of which few rows or none of the sample do: each condition by
// itself, as far as the sample knows it.
double rare_share(const BoundFilter& filter, const Schema& schema, const Statistics& statistics) {
  if (const auto known = statistics.known_matches(filter))
    return static_cast<double>(*known) / static_cast<double>(statistics.rows());
  const auto sample = statistics.sample(filter);
  if (!sample || sample->sampled == 0) return guess(filter, schema, statistics);
  if (sample->matching >= kEnoughMatches) return sample->matching / sample->sampled;
  // Beneath what the sample can see: at most as much as would have shown, less when values are many.
  const double unseen = std::max(sample->matching, 0.7) / sample->sampled;
  switch (filter.kind) {
    case Kind::kAnd: {
      double share = 1;
      for (const BoundFilter& child : filter.children) share *= rare_share(child, schema, statistics);
      return std::min(share, unseen);
    }
    case Kind::kOr: {
      double share = 0;
      for (const BoundFilter& child : filter.children) share += rare_share(child, schema, statistics);
      return std::min(share, unseen);
    }
    case Kind::kRange:
    case Kind::kIn:
    case Kind::kText:
      return sample->matching > 1 ? unseen : std::min(unseen, guess(filter, schema, statistics));
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
  const Index* best = nullptr;
  SettledRanges settled;
  IndexEstimate size;
  for (const Index& index : schema.indexes) {
    if (!statistics.is_ready(index)) continue;
    SettledRanges found = settle(conjuncts, index);
    if (!found.any()) continue;
    if (found.contradiction) return 0;
    const IndexEstimate found_size = statistics.entries(index, found.ranges);
    if (best != nullptr && size.entries <= found_size.entries) continue;
    best = &index;
    size = found_size;
    settled = std::move(found);
  }
  if (best != nullptr && std::ranges::all_of(settled.settled, std::identity()))
    return std::min(size.entries, rows);

  const auto sample = statistics.sample(filter);
  if (sample && sample->matching >= kEnoughMatches) return rows * sample->matching / sample->sampled;
  if (best == nullptr) return rows * rare_share(filter, schema, statistics);
  const BoundFilter rest = rest_of(conjuncts, settled.settled);
  double share = rare_share(rest, schema, statistics);
  if (const auto probed = statistics.probe(*best, settled.ranges, size, rest))
    share = (probed->matching + kGuessWeight * share) / (probed->sampled + kGuessWeight);
  return std::min(rows, size.entries * share);
}

}  // namespace slate
