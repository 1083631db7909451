#include "plan/cost.h"

namespace slate::cost {
namespace {

// Values of a column up to which its blocks mostly have dictionaries.
constexpr double kFewTexts = 256;

}  // namespace

double filter_row(const BoundFilter& filter, const Schema& schema, const Statistics& statistics) {
  using Kind = BoundFilter::Kind;
  switch (filter.kind) {
    case Kind::kTrue:
    case Kind::kFalse: return 0;
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot: {
      double total = 0;
      for (const BoundFilter& child : filter.children) total += filter_row(child, schema, statistics);
      return total;
    }
    default: break;
  }
  const Type type = schema.columns[filter.column].type;
  if (filter.kind == Kind::kIsnull) return kIsnull;
  if (type == Type::kList) return kListElements;
  if (type == Type::kString) {
    if (statistics.distinct(filter.column).value_or(kFewTexts + 1) <= kFewTexts) return kTextOfFew;
    return filter.case_rule == CaseRule::kFolded ? kFoldedText : kText;
  }
  return filter.kind == Kind::kIn ? kNumberInList : kFixedWidth;
}

}  // namespace slate::cost
