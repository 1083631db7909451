// What can be asked of a datasource: Query = filter?, sort[], skip?, take?, columns?.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/value.h>

namespace slate {

enum class Op : std::uint8_t {
  kEq,
  kNe,
  kGt,
  kGte,
  kLt,
  kLte,
  kBetween,  // both ends included
  kIn,
  kNin,
  kIcontains,  // the i-operators compare by Unicode simple case folding
  kIstartswith,
  kIendswith,
  kIeq,
  kContains,
  kStartswith,
  kEndswith,
  kIsnull,  // value: true or false
  kEmpty,   // null, empty string or empty list; value: true or false
};
// "eq", "icontains", ...: the word in JSON and in URL parameters.
std::string_view op_name(Op op);
std::optional<Op> parse_op(std::string_view name);

// A constant in a filter. From a URL parameter it is text whose type the field decides.
struct Literal {
  Value value;
  bool is_text = false;  // from a URL: "12" may be an int, a float or a string
  bool operator==(const Literal&) const = default;
};

// A filter: one condition, or a group. Null never satisfies a comparison; `ne`, `nin` and `not` are plain
// negations and do match null.
struct Filter {
  enum class Kind : std::uint8_t { kCondition, kAnd, kOr, kNot };
  Kind kind = Kind::kAnd;
  // kCondition
  std::string field;  // dotted path, or "_id"
  Op op = Op::kEq;
  std::vector<Literal> values;  // one; two for between; any number for in and nin
  // kAnd, kOr: any number (an empty `and` is true, an empty `or` is false); kNot: exactly one
  std::vector<Filter> children;

  static Filter condition(std::string field, Op op, Value value);
  static Filter condition(std::string field, Op op, std::vector<Value> values);
  static Filter all_of(std::vector<Filter> children);
  static Filter any_of(std::vector<Filter> children);
  static Filter negation(Filter child);
  bool operator==(const Filter&) const = default;
};

struct FilterLimits {  // of one filter: a query on a list may hold two, its own and the request's
  static constexpr std::size_t kDepth = 8;
  static constexpr std::size_t kConditions = 128;
  static constexpr std::size_t kInValues = 1000;
  static constexpr std::size_t kSortKeys = 16;
};

enum class Nulls : std::uint8_t { kLast, kFirst };

struct SortKey {
  std::string field;  // dotted path of a scalar field, or "_id"; no field twice in a sort
  Direction direction = Direction::kAscending;
  Nulls nulls = Nulls::kLast;  // in both directions, unless asked otherwise
  bool operator==(const SortKey&) const = default;
};

// Ties are broken by the order of arrival, so every order is total. No sort: the order of arrival.
//
// A cursor, from ResultSet::next_cursor() or previous_cursor(), stands for a place between two rows of a
// query's answer. With it the same query gives the rows behind that place, or the `take` nearest before it.
// It costs what the first page costs, and stays true while records are written: a row that is not written
// comes on exactly one page. It belongs to one filter, one sort and one generation.
struct Query {
  std::optional<Filter> filter;
  std::vector<SortKey> sort;
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> take;  // absent: all
  std::optional<std::vector<std::string>>
      columns;  // dotted paths; absent: every column. `_id` always comes along
  std::optional<std::string> cursor;
};

}  // namespace slate
