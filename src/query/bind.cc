// Binding: names to columns, literals to constants, eighteen operators to five predicates.
//
// Which operator fits which column:
//
//   column                     operators
//   string, _id                all of them
//   int, float, date           eq ne gt gte lt lte between in nin isnull
//   bool                       eq ne in nin isnull
//   list of strings            eq ne in nin, the text operators, isnull, empty
//   list of other scalars      eq ne in nin isnull empty
//   list of lists, of maps     isnull empty
//   map                        none: its leaves are columns
//
// On a list, eq, in and the text operators look for an element; isnull and empty are about the list itself.
#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <span>
#include <utility>

#include "base/try.h"
#include "model/name.h"
#include "query/bound_query.h"
#include "query/fold.h"
#include "query/limits.h"
#include "query/literal.h"
#include "query/names.h"
#include "query/simplify.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;
using Side = Place::Side;

// A set of operators, one bit each.
using Ops = std::uint32_t;
template <typename... Each>
constexpr Ops ops(Each... each) {
  return ((Ops{1} << static_cast<unsigned>(each)) | ...);
}
constexpr unsigned kOpCount = static_cast<unsigned>(Op::kEmpty) + 1;
constexpr Ops kEqualityOps = ops(Op::kEq, Op::kNe, Op::kIn, Op::kNin);
constexpr Ops kOrderOps = ops(Op::kGt, Op::kGte, Op::kLt, Op::kLte, Op::kBetween);
constexpr Ops kTextOps = ops(Op::kIcontains, Op::kIstartswith, Op::kIendswith, Op::kIeq, Op::kContains,
                             Op::kStartswith, Op::kEndswith);
constexpr Ops kIsnullOp = ops(Op::kIsnull);
constexpr Ops kEmptyOp = ops(Op::kEmpty);

bool is_list(const Column& column) { return column.type == Type::kList; }

// What conditions compare with: the column's own type, or that of its elements.
Type compared_type(const Column& column) {
  return is_list(column) && !column.items.empty() ? column.items.front().type : column.type;
}

Ops fitting_ops(const Column& column) {
  Ops fitting = kIsnullOp;
  if (is_list(column)) fitting |= kEmptyOp;
  switch (compared_type(column)) {
    case Type::kString:
      fitting |= kEqualityOps | kTextOps | kEmptyOp | (is_list(column) ? 0 : kOrderOps);
      break;
    case Type::kInt:
    case Type::kFloat:
    case Type::kDate: fitting |= kEqualityOps | (is_list(column) ? 0 : kOrderOps); break;
    case Type::kBool: fitting |= kEqualityOps; break;
    case Type::kList:
    case Type::kMap: break;
  }
  return fitting;
}

Failure does_not_fit(const Filter& condition, const Column& column, Ops fitting) {
  std::string type(with_article(column.type));
  if (is_list(column)) type += fmt::format(" of type {}", type_name(compared_type(column)));
  std::string hint = "operators that fit:";
  for (unsigned i = 0; i < kOpCount; ++i)
    if (fitting & (Ops{1} << i)) hint += fmt::format(" {}", op_name(static_cast<Op>(i)));
  return fail(Error(Reason::kInvalidArgument,
                    fmt::format("operator \"{}\" does not fit {}", op_name(condition.op), type))
                  .with_field(column.path)
                  .with_hint(std::move(hint)));
}

Bound lower_bound(Place place, Inclusive inclusive) {
  if (place.side != Side::kOn) inclusive = place.side == Side::kBelow ? Inclusive::kYes : Inclusive::kNo;
  return {.value = std::move(place.value), .inclusive = inclusive};
}

Bound upper_bound(Place place, Inclusive inclusive) {
  if (place.side != Side::kOn) inclusive = place.side == Side::kBelow ? Inclusive::kNo : Inclusive::kYes;
  return {.value = std::move(place.value), .inclusive = inclusive};
}

// Whether no value of any column can lie between the bounds.
bool is_void(const std::optional<Bound>& lower, const std::optional<Bound>& upper) {
  const auto excludes = [](const std::optional<Bound>& bound, const Scalar& value) {
    return bound && bound->inclusive == Inclusive::kNo && bound->value == value;
  };
  if (excludes(lower, std::numeric_limits<std::int64_t>::max())) return true;
  if (excludes(upper, std::numeric_limits<std::int64_t>::min())) return true;
  if (excludes(upper, std::string())) return true;
  if (!lower || !upper) return false;
  if (lower->value != upper->value) return lower->value > upper->value;
  return lower->inclusive == Inclusive::kNo || upper->inclusive == Inclusive::kNo;
}

// A column, and how its texts compare.
struct Compared {
  std::uint32_t column = 0;
  CaseRule case_rule = CaseRule::kExact;
};

BoundFilter range(Compared compared, std::optional<Bound> lower, std::optional<Bound> upper) {
  if (is_void(lower, upper)) return constant(false);
  BoundFilter filter;
  filter.kind = Kind::kRange;
  filter.column = compared.column;
  filter.case_rule = compared.case_rule;
  filter.lower = std::move(lower);
  filter.upper = std::move(upper);
  return filter;
}

BoundFilter equals(Compared compared, Scalar value) {
  Bound lower{.value = std::move(value)};
  Bound upper = lower;
  return range(compared, std::move(lower), std::move(upper));
}

BoundFilter one_of(Compared compared, std::vector<Scalar> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.empty()) return constant(false);
  if (values.size() == 1) return equals(compared, std::move(values.front()));
  BoundFilter filter;
  filter.kind = Kind::kIn;
  filter.column = compared.column;
  filter.case_rule = compared.case_rule;
  filter.values = std::move(values);
  return filter;
}

struct TextRule {
  TextMatch match;
  CaseRule case_rule;
};

// REQUIRES: a text operator.
TextRule text_rule(Op op) {
  switch (op) {
    case Op::kIcontains: return {TextMatch::kContains, CaseRule::kFolded};
    case Op::kIstartswith: return {TextMatch::kStartswith, CaseRule::kFolded};
    case Op::kIendswith: return {TextMatch::kEndswith, CaseRule::kFolded};
    case Op::kIeq: return {TextMatch::kEquals, CaseRule::kFolded};
    case Op::kStartswith: return {TextMatch::kStartswith, CaseRule::kExact};
    case Op::kEndswith: return {TextMatch::kEndswith, CaseRule::kExact};
    default: return {TextMatch::kContains, CaseRule::kExact};
  }
}

class FilterBinder {
 public:
  explicit FilterBinder(const Schema& schema) : schema_(schema) {}

  // `depth`: the groups around this filter.
  Result<BoundFilter> bind(const Filter& filter, std::size_t depth) {
    if (filter.kind == Filter::Kind::kCondition) {
      if (++conditions_ > kBoundConditions) return too_much("conditions", kBoundConditions);
      return bind_condition(filter);
    }
    if (depth == kBoundDepth) return too_much("groups within each other", kBoundDepth);
    if (filter.kind == Filter::Kind::kNot && filter.children.size() != 1)
      return fail(Error(Reason::kInvalidArgument,
                        fmt::format("\"not\" takes exactly one filter, got {}", filter.children.size()))
                      .with_field("filter"));
    // Each group counts as well, so that a filter of empty groups is bounded too.
    if (++groups_ > kBoundGroups) return too_much("groups", kBoundGroups);
    std::vector<BoundFilter> children;
    children.reserve(filter.children.size());
    for (const auto& child : filter.children) {
      SLATE_TRY(auto bound, bind(child, depth + 1));
      children.push_back(std::move(bound));
    }
    switch (filter.kind) {
      case Filter::Kind::kAnd: return conjunction(std::move(children));
      case Filter::Kind::kOr: return disjunction(std::move(children));
      default: return negation(std::move(children.front()));
    }
  }

 private:
  static Failure too_much(std::string_view what, std::size_t most) {
    return fail(Error(Reason::kInvalidArgument, fmt::format("a filter has at most {} {}", most, what))
                    .with_field("filter"));
  }

  Result<BoundFilter> bind_condition(const Filter& condition) {
    SLATE_TRY(const auto column, resolve_column(schema_, condition.field));
    const Column& found = schema_.columns[column];
    const Ops fitting = fitting_ops(found);
    if ((ops(condition.op) & fitting) == 0) return does_not_fit(condition, found, fitting);
    auto bound = bind_values(condition, column);
    if (!bound) return Failure(std::move(bound).error().with_field(found.path));
    return bound;
  }

  Compared compared(std::uint32_t column) const {
    return {.column = column, .case_rule = case_rule_of(schema_.columns[column].collation)};
  }

  // Where a literal stands among the values that a column compares by.
  Result<Place> place(const Literal& literal, std::uint32_t column) const {
    SLATE_TRY(auto place, place_literal(literal, compared_type(schema_.columns[column])));
    auto* text = std::get_if<std::string>(&place.value);
    if (text != nullptr && compared(column).case_rule == CaseRule::kFolded) *text = fold_case(*text);
    return place;
  }

  // REQUIRES: the operator fits the column.
  Result<BoundFilter> bind_values(const Filter& condition, std::uint32_t column) {
    SLATE_TRY(check_value_count(condition));
    const auto& values = condition.values;
    switch (condition.op) {
      case Op::kEq: return bind_in(values, column);
      case Op::kIn: return bind_in(values, column);
      case Op::kNe:
      case Op::kNin: {
        SLATE_TRY(auto positive, bind_in(values, column));
        return negation(std::move(positive));
      }
      case Op::kGt:
      case Op::kGte: {
        SLATE_TRY(auto low, place(values[0], column));
        const auto inclusive = condition.op == Op::kGt ? Inclusive::kNo : Inclusive::kYes;
        return range(compared(column), lower_bound(std::move(low), inclusive), std::nullopt);
      }
      case Op::kLt:
      case Op::kLte: {
        SLATE_TRY(auto high, place(values[0], column));
        const auto inclusive = condition.op == Op::kLt ? Inclusive::kNo : Inclusive::kYes;
        return range(compared(column), std::nullopt, upper_bound(std::move(high), inclusive));
      }
      case Op::kBetween: {
        SLATE_TRY(auto low, place(values[0], column));
        SLATE_TRY(auto high, place(values[1], column));
        return range(compared(column), lower_bound(std::move(low), Inclusive::kYes),
                     upper_bound(std::move(high), Inclusive::kYes));
      }
      case Op::kIsnull: return bind_absence(Kind::kIsnull, values[0], column);
      case Op::kEmpty: return bind_absence(Kind::kEmpty, values[0], column);
      case Op::kIeq:
        // There it is equality, which an index settles.
        if (compared(column).case_rule == CaseRule::kFolded) return bind_in(values, column);
        return bind_text(condition, column);
      default: return bind_text(condition, column);
    }
  }

  static Result<void> check_value_count(const Filter& condition) {
    const std::size_t count = condition.values.size();
    if (condition.op == Op::kIn || condition.op == Op::kNin) {
      if (count <= FilterLimits::kInValues) return {};
      return fail(Reason::kInvalidArgument,
                  fmt::format("\"{}\" takes at most {} values, got {}", op_name(condition.op),
                              FilterLimits::kInValues, count));
    }
    const std::size_t wanted = condition.op == Op::kBetween ? 2 : 1;
    if (count == wanted) return {};
    return fail(Reason::kInvalidArgument, fmt::format("\"{}\" takes {}, got {}", op_name(condition.op),
                                                      wanted == 2 ? "two values" : "one value", count));
  }

  // A literal that lies between the column's values equals none of them.
  Result<BoundFilter> bind_in(std::span<const Literal> literals, std::uint32_t column) {
    std::vector<Scalar> values;
    values.reserve(literals.size());
    for (const auto& literal : literals) {
      SLATE_TRY(auto found, place(literal, column));
      if (found.side == Side::kOn) values.push_back(std::move(found.value));
    }
    return one_of(compared(column), std::move(values));
  }

  Result<BoundFilter> bind_text(const Filter& condition, std::uint32_t column) {
    SLATE_TRY(auto place, place_literal(condition.values[0], Type::kString));
    const auto [match, case_rule] = text_rule(condition.op);
    auto& text = std::get<std::string>(place.value);
    BoundFilter filter;
    filter.kind = Kind::kText;
    filter.column = column;
    filter.match = match;
    filter.case_rule = case_rule;
    filter.needle = case_rule == CaseRule::kFolded ? fold_case(text) : std::move(text);
    return filter;
  }

  static Result<BoundFilter> bind_absence(Kind kind, const Literal& literal, std::uint32_t column) {
    SLATE_TRY(const bool wanted, truth_of(literal));
    // Every record has an id, of one byte at least.
    if (column == kRecordIdColumn) return constant(!wanted);
    BoundFilter filter;
    filter.kind = kind;
    filter.column = column;
    return wanted ? filter : negation(std::move(filter));
  }

  const Schema& schema_;
  std::size_t conditions_ = 0;
  std::size_t groups_ = 0;
};

Result<std::vector<BoundSortKey>> bind_sort(const std::vector<SortKey>& sort, const Schema& schema) {
  if (sort.size() > FilterLimits::kSortKeys)
    return fail(Error(Reason::kInvalidArgument,
                      fmt::format("a sort has at most {} keys, got {}", FilterLimits::kSortKeys, sort.size()))
                    .with_field("sort"));
  std::vector<BoundSortKey> bound;
  bound.reserve(sort.size());
  for (const auto& key : sort) {
    SLATE_TRY(const auto column, resolve_column(schema, key.field));
    if (is_list(schema.columns[column]))
      return fail(
          Error(Reason::kInvalidArgument, fmt::format("{} is a list: lists have no order", quoted(key.field)))
              .with_field(key.field));
    if (std::any_of(bound.begin(), bound.end(),
                    [column](const BoundSortKey& other) { return other.column == column; }))
      return fail(Error(Reason::kInvalidArgument,
                        fmt::format("the sort has field {} twice: expected each once", quoted(key.field)))
                      .with_field(key.field));
    bound.push_back({.column = column, .direction = key.direction, .nulls = key.nulls});
  }
  return bound;
}

// Absent: every column but `_id`, which comes along anyway.
Result<std::vector<std::uint32_t>> bind_columns(const std::optional<std::vector<std::string>>& names,
                                                const Schema& schema) {
  std::vector<std::uint32_t> columns;
  if (!names) {
    for (std::uint32_t i = 0; i < schema.columns.size(); ++i)
      if (i != kRecordIdColumn) columns.push_back(i);
    return columns;
  }
  if (names->size() > Limits::kFields)
    return fail(Error(Reason::kInvalidArgument,
                      fmt::format("at most {} columns can be named, got {}", Limits::kFields, names->size()))
                    .with_field("columns"));
  std::vector<bool> taken(schema.columns.size());
  taken[kRecordIdColumn] = true;
  for (const auto& name : *names) {
    SLATE_TRY(const auto found, resolve_output(schema, name));
    for (const auto column : found) {
      if (!taken[column]) columns.push_back(column);
      taken[column] = true;
    }
  }
  return columns;
}

}  // namespace

Result<BoundFilter> bind_filter(const std::optional<Filter>& filter, const Schema& schema) {
  if (!filter) return constant(true);
  return FilterBinder(schema).bind(*filter, 0);
}

std::vector<Op> operators_of(const Column& column) {
  const Ops fitting = fitting_ops(column);
  std::vector<Op> operators;
  for (unsigned i = 0; i < kOpCount; ++i)
    if (fitting & (Ops{1} << i)) operators.push_back(static_cast<Op>(i));
  return operators;
}

Result<BoundQuery> bind(const Query& query, const Schema& schema) {
  BoundQuery bound;
  SLATE_TRY(bound.filter, bind_filter(query.filter, schema));
  SLATE_TRY(bound.sort, bind_sort(query.sort, schema));
  SLATE_TRY(bound.columns, bind_columns(query.columns, schema));
  bound.skip = std::min(query.skip, kMostRows);
  if (query.take) bound.take = std::min(*query.take, kMostRows);
  return bound;
}

Result<BoundDistinct> bind(const DistinctQuery& query, const Schema& schema) {
  BoundDistinct bound{.order = query.order, .take = query.take};
  SLATE_TRY(bound.column, resolve_column(schema, query.field));
  SLATE_TRY(bound.filter, bind_filter(query.filter, schema));
  if (query.take < 1 || query.take > kMostDistinct)
    return fail(Error(Reason::kInvalidArgument,
                      fmt::format("expected a number from 1 to {}, got {}", kMostDistinct, query.take))
                    .with_field("take"));
  return bound;
}

}  // namespace slate
