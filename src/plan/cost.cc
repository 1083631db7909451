#include "plan/cost.h"

namespace slate::cost {
namespace {

using Kind = BoundFilter::Kind;

constexpr double kFixedWidth = 0.4;   // int, float, date or bool against bounds
constexpr double kIsnull = 0.05;      // a bitmap is taken over
constexpr double kText = 1.5;         // strings against a needle or bounds: dictionaries make it cheap
constexpr double kFoldedText = 3;     // the same, folding case
constexpr double kNumberInList = 4;   // a number against a sorted list of constants
constexpr double kListElements = 25;  // the elements of a list

}  // namespace

double filter_row(const BoundFilter& filter, const Schema& schema) {
  switch (filter.kind) {
    case Kind::kTrue:
    case Kind::kFalse: return 0;
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot: {
      double total = 0;
      for (const BoundFilter& child : filter.children) total += filter_row(child, schema);
      return total;
    }
    default: break;
  }
  const Type type = schema.columns[filter.column].type;
  if (filter.kind == Kind::kIsnull) return kIsnull;
  if (type == Type::kList) return kListElements;
  if (type == Type::kString) return filter.case_rule == CaseRule::kFolded ? kFoldedText : kText;
  return filter.kind == Kind::kIn ? kNumberInList : kFixedWidth;
}

}  // namespace slate::cost
