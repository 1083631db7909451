#include "plan/selectivity.h"

#include <algorithm>

#include "plan/sargable.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// Guesses for columns without an index.
constexpr double kEqualityShare = 0.1;
constexpr double kRangeShare = 0.33;
constexpr double kTextShare = 0.1;
constexpr double kNullShare = 0.2;

double guess(const BoundFilter& condition) {
  switch (condition.kind) {
    case Kind::kRange: return condition.is_equality() ? kEqualityShare : kRangeShare;
    case Kind::kIn: return std::min(0.8, kEqualityShare * static_cast<double>(condition.values.size()));
    case Kind::kText: return kTextShare;
    case Kind::kIsnull:
    case Kind::kEmpty: return kNullShare;
    default: return 1;
  }
}

const Index* ready_index(std::uint32_t column, const Schema& schema, const Statistics& statistics) {
  for (const Index& index : schema.indexes)
    if (index.components.front().column == column && statistics.is_ready(index)) return &index;
  return nullptr;
}

}  // namespace

double selectivity(const BoundFilter& filter, const Schema& schema, const Statistics& statistics) {
  switch (filter.kind) {
    case Kind::kTrue: return 1;
    case Kind::kFalse: return 0;
    case Kind::kNot: return 1 - selectivity(filter.children.front(), schema, statistics);
    case Kind::kAnd: {
      double share = 1;
      for (const BoundFilter& child : filter.children) share *= selectivity(child, schema, statistics);
      return share;
    }
    case Kind::kOr: {
      double missed = 1;
      for (const BoundFilter& child : filter.children) missed *= 1 - selectivity(child, schema, statistics);
      return 1 - missed;
    }
    default: break;
  }
  const auto rows = static_cast<double>(statistics.rows());
  const Index* index = ready_index(filter.column, schema, statistics);
  if (index != nullptr && rows > 0) {
    const SargableFilter settled = sargable(filter, filter.column);
    if (!settled.ranges.empty() && settled.residual.kind == Kind::kTrue)
      return std::clamp(statistics.estimate(*index, settled.ranges) / rows, 0.0, 1.0);
  }
  return guess(filter);
}

}  // namespace slate
