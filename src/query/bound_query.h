// A query bound to a datasource: every name a column, every constant of its column's type, every operator one
// of a few that the planner and the executor know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <slate/distinct.h>
#include <slate/error.h>
#include <slate/query.h>

#include "model/schema.h"

namespace slate {

// A constant in the form its column compares by: int, date (seconds) and bool (0, 1) as int64; float as
// double; string as string, folded when the column's collation is nocase.
using Scalar = std::variant<std::int64_t, double, std::string>;

enum class Inclusive : std::uint8_t { kNo, kYes };

struct Bound {
  Scalar value;
  Inclusive inclusive = Inclusive::kYes;
  bool operator==(const Bound&) const = default;
};

enum class TextMatch : std::uint8_t { kContains, kStartswith, kEndswith, kEquals };
enum class CaseRule : std::uint8_t { kExact, kFolded };

// A predicate that is either true or false of a row. Null satisfies kIsnull and kEmpty only.
struct BoundFilter {
  enum class Kind : std::uint8_t {
    kTrue,
    kFalse,
    kAnd,    // children, at least two
    kOr,     // children, at least two
    kNot,    // one child
    kRange,  // lower and upper, at least one of them; eq is both, equal and inclusive; case_rule
    kIn,     // values: sorted, distinct, at least one; case_rule
    kText,   // match, case_rule, needle
    kIsnull,
    kEmpty,  // null, empty string or empty list
  };
  Kind kind = Kind::kTrue;
  std::uint32_t column =
      0;  // position in Schema::columns; on a list column a leaf holds when some element does
  std::optional<Bound> lower;
  std::optional<Bound> upper;
  std::vector<Scalar> values;
  TextMatch match = TextMatch::kContains;
  // kFolded: the cell's text is folded before it is compared; the condition's own texts are folded already.
  CaseRule case_rule = CaseRule::kExact;
  std::string needle;
  std::vector<BoundFilter> children;

  bool operator==(const BoundFilter&) const = default;
  bool is_equality() const { return kind == Kind::kRange && lower && upper && *lower == *upper; }
};

struct BoundSortKey {
  std::uint32_t column = 0;
  Direction direction = Direction::kAscending;
  Nulls nulls = Nulls::kLast;
  bool operator==(const BoundSortKey&) const = default;
};

// How texts of a column compare under the operators that do not say so by their names.
inline CaseRule case_rule_of(Collation collation) {
  return collation == Collation::kNocase ? CaseRule::kFolded : CaseRule::kExact;
}

// A place in an order: the values of the sort keys (nothing: null), as Scalar says, and the docid of a row
// that stood there.
struct Position {
  std::vector<std::optional<Scalar>> values;
  std::uint64_t docid = 0;
  bool operator==(const Position&) const = default;
};

enum class PageDirection : std::uint8_t {
  kNext,      // the rows behind a place, nearest first
  kPrevious,  // the rows before it: the `take` nearest of them, in the order of the query all the same
};

struct BoundQuery {
  BoundFilter filter;
  std::vector<BoundSortKey> sort;  // no column twice
  std::optional<Position> after;   // where the page begins or, for a previous one, ends
  PageDirection page = PageDirection::kNext;
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> take;
  std::vector<std::uint32_t> columns;  // output, positions in Schema::columns
};

struct BoundDistinct {
  std::uint32_t column = 0;
  BoundFilter filter;
  DistinctOrder order = DistinctOrder::kValue;
  std::uint64_t take = 0;
};

// The operators that fit a column, in the order of the enum.
std::vector<Op> operators_of(const Column& column);

// invalid_argument naming the field, operator or value at fault, with a near-miss name as the hint.
Result<BoundQuery> bind(const Query& query, const Schema& schema);
// The same for distinct values; a take out of bounds names "take".
Result<BoundDistinct> bind(const DistinctQuery& query, const Schema& schema);
// Only the filter; an absent one is kTrue. The result is simplified: no nested groups of the same kind, no
// constants inside groups, no doubled negation.
Result<BoundFilter> bind_filter(const std::optional<Filter>& filter, const Schema& schema);

}  // namespace slate
