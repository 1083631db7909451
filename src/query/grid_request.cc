#include "query/grid_request.h"

#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/try.h"
#include "model/date.h"
#include "model/json.h"
#include "model/json_read.h"
#include "query/filter_fields.h"
#include "query/names.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDay = 86'400;  // seconds
// Of filters within filters. With a negation inside and the `and` of all columns around them they are within
// the depth that a query may have.
constexpr std::size_t kDeepest = FilterLimits::kDepth - 2;

Failure not_offered(const JsonNode& node, std::string_view what) {
  return fail(
      Error(Reason::kUnimplemented, fmt::format("{} not offered", what)).with_field(as_field(node.path())));
}

bool asks_for_nothing(const json::value& value) {
  if (value.is_null()) return true;
  if (const auto* truth = value.if_bool()) return !*truth;
  if (const auto* array = value.if_array()) return array->empty();
  return false;
}

Result<std::uint64_t> read_row(const JsonNode& node) {
  const json::value& value = node.value();
  if (const auto* number = value.if_int64(); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  if (const auto* number = value.if_uint64()) return *number;
  if (value.is_number()) return node.refuse("expected a whole number from 0 up, got " + json_text(value));
  return node.mismatch("a whole number");
}

Filter text_filter(std::string_view field, Op op, std::string text) {
  return Filter::condition(std::string(field), op, Value(std::move(text)));
}

Filter is_null(std::string_view field, bool wanted) {
  return Filter::condition(std::string(field), Op::kIsnull, Value(wanted));
}

// What a simple filter compares by; a column without values knows two more.
enum class Comparison : std::uint8_t {
  kContains,
  kNotContains,
  kStartsWith,
  kEndsWith,
  kEquals,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kInRange,
  kBlank,
  kNotBlank,
};

constexpr std::array<Word<Comparison>, 8> kTextWords{{{"contains", Comparison::kContains},
                                                      {"notContains", Comparison::kNotContains},
                                                      {"equals", Comparison::kEquals},
                                                      {"notEqual", Comparison::kNotEqual},
                                                      {"startsWith", Comparison::kStartsWith},
                                                      {"endsWith", Comparison::kEndsWith},
                                                      {"blank", Comparison::kBlank},
                                                      {"notBlank", Comparison::kNotBlank}}};
constexpr std::array<Word<Comparison>, 9> kOrderWords{{{"equals", Comparison::kEquals},
                                                       {"notEqual", Comparison::kNotEqual},
                                                       {"lessThan", Comparison::kLess},
                                                       {"lessThanOrEqual", Comparison::kLessOrEqual},
                                                       {"greaterThan", Comparison::kGreater},
                                                       {"greaterThanOrEqual", Comparison::kGreaterOrEqual},
                                                       {"inRange", Comparison::kInRange},
                                                       {"blank", Comparison::kBlank},
                                                       {"notBlank", Comparison::kNotBlank}}};

Result<JsonNode> require(const JsonNode& parent, std::string_view member) {
  const auto* value = parent.value().get_object().if_contains(member);
  if (value != nullptr && !value->is_null()) return JsonNode(parent, member, *value);
  return JsonNode(parent, member, parent.value()).refuse("is missing");
}

Result<Filter> text_condition(const JsonNode& node, std::string_view field) {
  SLATE_TRY(const JsonNode type, require(node, "type"));
  SLATE_TRY(const Comparison comparison, read_word(type, kTextWords));
  // The empty string is blank, too.
  if (comparison == Comparison::kBlank || comparison == Comparison::kNotBlank)
    return Filter::condition(std::string(field), Op::kEmpty, Value(comparison == Comparison::kBlank));
  SLATE_TRY(const JsonNode value, require(node, "filter"));
  SLATE_TRY(std::string text, read_string(value));
  switch (comparison) {
    case Comparison::kNotContains:
      return Filter::negation(text_filter(field, Op::kIcontains, std::move(text)));
    case Comparison::kEquals: return text_filter(field, Op::kIeq, std::move(text));
    case Comparison::kNotEqual: return Filter::negation(text_filter(field, Op::kIeq, std::move(text)));
    case Comparison::kStartsWith: return text_filter(field, Op::kIstartswith, std::move(text));
    case Comparison::kEndsWith: return text_filter(field, Op::kIendswith, std::move(text));
    default: return text_filter(field, Op::kIcontains, std::move(text));
  }
}

Result<Value> number_member(const JsonNode& node, std::string_view member) {
  SLATE_TRY(const JsonNode value, require(node, member));
  if (!value.value().is_number()) return value.mismatch("a number");
  return value_from_json(value.value());
}

// REQUIRES: none of the words for texts.
Op order_op(Comparison comparison) {
  switch (comparison) {
    case Comparison::kNotEqual: return Op::kNe;
    case Comparison::kLess: return Op::kLt;
    case Comparison::kLessOrEqual: return Op::kLte;
    case Comparison::kGreater: return Op::kGt;
    case Comparison::kGreaterOrEqual: return Op::kGte;
    case Comparison::kInRange: return Op::kBetween;
    default: return Op::kEq;
  }
}

bool is_blank_word(Comparison comparison) {
  return comparison == Comparison::kBlank || comparison == Comparison::kNotBlank;
}

Result<Filter> number_condition(const JsonNode& node, std::string_view field) {
  SLATE_TRY(const JsonNode type, require(node, "type"));
  SLATE_TRY(const Comparison comparison, read_word(type, kOrderWords));
  if (is_blank_word(comparison)) return is_null(field, comparison == Comparison::kBlank);
  SLATE_TRY(Value value, number_member(node, "filter"));
  if (comparison != Comparison::kInRange)
    return Filter::condition(std::string(field), order_op(comparison), std::move(value));
  SLATE_TRY(Value end, number_member(node, "filterTo"));
  std::vector<Value> both{std::move(value), std::move(end)};
  return Filter::condition(std::string(field), Op::kBetween, std::move(both));
}

// The seconds that a value of a date filter stands for: one, or those of its day.
struct Moments {
  std::int64_t first = 0;
  std::int64_t behind = 0;  // the first one after them
};

// "2024-05-01", or with a time of day behind a blank or a T, which is UTC unless it says otherwise.
Result<Moments> read_moments(const JsonNode& node, std::string_view member) {
  SLATE_TRY(const JsonNode value, require(node, member));
  SLATE_TRY(std::string text, read_string(value));
  constexpr std::size_t kTimeAt = 10;  // behind YYYY-MM-DD
  constexpr std::size_t kWithTime = 19;
  if (text.find(' ') == kTimeAt) text.replace(kTimeAt, 1, "T");
  if (text.size() == kWithTime) text += 'Z';
  const auto date = parse_date(text);
  if (!date) return value.refuse(date.error().message());
  const bool whole_day = text.size() == kTimeAt || text.substr(kTimeAt) == "T00:00:00Z";
  return Moments{.first = date->seconds, .behind = date->seconds + (whole_day ? kDay : 1)};
}

Filter date_filter(std::string_view field, Op op, std::int64_t seconds) {
  return Filter::condition(std::string(field), op, Value(Date{seconds}));
}

Filter date_range(std::string_view field, std::int64_t first, std::int64_t behind) {
  std::vector<Value> ends{Value(Date{first}), Value(Date{behind - 1})};
  return Filter::condition(std::string(field), Op::kBetween, std::move(ends));
}

Result<Filter> date_condition(const JsonNode& node, std::string_view field) {
  SLATE_TRY(const JsonNode type, require(node, "type"));
  SLATE_TRY(const Comparison comparison, read_word(type, kOrderWords));
  if (is_blank_word(comparison)) return is_null(field, comparison == Comparison::kBlank);
  SLATE_TRY(const Moments from, read_moments(node, "dateFrom"));
  switch (comparison) {
    case Comparison::kNotEqual: return Filter::negation(date_range(field, from.first, from.behind));
    case Comparison::kLess: return date_filter(field, Op::kLt, from.first);
    case Comparison::kLessOrEqual: return date_filter(field, Op::kLt, from.behind);
    case Comparison::kGreater: return date_filter(field, Op::kGte, from.behind);
    case Comparison::kGreaterOrEqual: return date_filter(field, Op::kGte, from.first);
    case Comparison::kInRange: {
      SLATE_TRY(const Moments to, read_moments(node, "dateTo"));
      return date_range(field, from.first, to.behind);
    }
    default: return date_range(field, from.first, from.behind);
  }
}

// Values of a set come as the texts that the grid shows, whatever the column's type.
Result<Filter> set_condition(const JsonNode& node, std::string_view field) {
  SLATE_TRY(const JsonNode values, require(node, "values"));
  SLATE_TRY(const auto elements, read_array(values));
  Filter among;
  among.kind = Filter::Kind::kCondition;
  among.field = field;
  among.op = Op::kIn;
  bool with_null = false;
  for (const JsonNode& element : elements) {
    if (element.value().is_null()) {
      with_null = true;
    } else if (element.value().is_string()) {
      SLATE_TRY(std::string text, read_string(element));
      among.values.push_back({.value = Value(std::move(text)), .is_text = true});
    } else if (element.value().is_number() || element.value().is_bool()) {
      among.values.push_back({.value = value_from_json(element.value())});
    } else {
      return element.mismatch("a scalar or null");
    }
  }
  if (!with_null) return among;
  std::vector<Filter> either{std::move(among), is_null(field, true)};
  return Filter::any_of(std::move(either));
}

Result<Filter> read_filter(const JsonNode& node, std::string_view field, std::size_t depth);

// The parts of a combined filter, in either form; nothing for a simple one.
std::vector<JsonNode> parts_of(const JsonNode& node) {
  std::vector<JsonNode> parts;
  const auto& object = node.value().get_object();
  for (const std::string_view member : {"condition1", "condition2"})
    if (const auto* part = object.if_contains(member); part != nullptr && !part->is_null())
      parts.emplace_back(node, member, *part);
  return parts;
}

Result<Filter> join(std::span<const JsonNode> parts, Filter::Kind kind, std::string_view field,
                    std::size_t depth) {
  Filter joined;
  joined.kind = kind;
  for (const JsonNode& part : parts) {
    if (part.value().is_null()) continue;
    SLATE_TRY(Filter filter, read_filter(part, field, depth + 1));
    joined.children.push_back(std::move(filter));
  }
  return joined;
}

Result<Filter> read_combined(const JsonNode& node, const json::value& word, std::string_view field,
                             std::size_t depth) {
  constexpr std::array<Word<Filter::Kind>, 2> kOperators{
      {{"AND", Filter::Kind::kAnd}, {"OR", Filter::Kind::kOr}}};
  SLATE_TRY(const auto kind, read_word(JsonNode(node, "operator", word), kOperators));
  const auto* conditions = node.value().get_object().if_contains("conditions");
  if (conditions != nullptr && !conditions->is_null()) {
    const JsonNode list(node, "conditions", *conditions);
    SLATE_TRY(const auto elements, read_array(list));
    if (elements.empty()) return list.refuse("expected at least one condition");
    return join(elements, kind, field, depth);
  }
  const auto parts = parts_of(node);
  if (parts.empty()) return node.refuse("expected conditions, or condition1 and condition2");
  return join(parts, kind, field, depth);
}

enum class FilterType : std::uint8_t { kText, kNumber, kDate, kSet, kMulti };
constexpr std::array<Word<FilterType>, 5> kFilterTypes{{{"text", FilterType::kText},
                                                        {"number", FilterType::kNumber},
                                                        {"date", FilterType::kDate},
                                                        {"set", FilterType::kSet},
                                                        {"multi", FilterType::kMulti}}};

Result<Filter> read_filter(const JsonNode& node, std::string_view field, std::size_t depth) {
  if (!node.value().is_object()) return node.mismatch("a filter as an object");
  if (depth > kDeepest) return node.refuse(fmt::format("filters nest at most {} deep", kDeepest));
  const auto& object = node.value().get_object();
  if (const auto* word = object.if_contains("operator"); word != nullptr && !word->is_null())
    return read_combined(node, *word, field, depth);
  SLATE_TRY(const JsonNode type, require(node, "filterType"));
  SLATE_TRY(const FilterType kind, read_word(type, kFilterTypes));
  switch (kind) {
    case FilterType::kText: return text_condition(node, field);
    case FilterType::kNumber: return number_condition(node, field);
    case FilterType::kDate: return date_condition(node, field);
    case FilterType::kSet: return set_condition(node, field);
    case FilterType::kMulti: break;
  }
  SLATE_TRY(const JsonNode models, require(node, "filterModels"));
  SLATE_TRY(const auto elements, read_array(models));
  return join(elements, Filter::Kind::kAnd, field, depth);
}

Result<std::optional<Filter>> read_filter_model(const JsonNode& node) {
  const auto* columns = node.value().if_object();
  if (columns == nullptr) return node.mismatch("an object of filters by column");
  if (const auto* type = columns->if_contains("filterType"); type != nullptr && type->is_string())
    return not_offered(node, "advanced filters are");
  std::vector<Filter> filters;
  for (const auto& entry : *columns) {
    const std::string_view column(entry.key().data(), entry.key().size());
    if (entry.value().is_null()) continue;
    SLATE_TRY(Filter filter, read_filter(JsonNode(node, column, entry.value()), column, 0));
    filters.push_back(std::move(filter));
  }
  if (filters.empty()) return std::nullopt;
  Filter whole = filters.size() == 1 ? std::move(filters.front()) : Filter::all_of(std::move(filters));
  if (auto within = check_conditions(whole); !within) return node.refuse(within.error().message());
  return whole;
}

Result<std::vector<SortKey>> read_sort_model(const JsonNode& node) {
  constexpr std::array<Word<Direction>, 2> kDirections{
      {{"asc", Direction::kAscending}, {"desc", Direction::kDescending}}};
  SLATE_TRY(const auto elements, read_array(node));
  std::vector<SortKey> sort;
  for (const JsonNode& element : elements) {
    if (!element.value().is_object()) return element.mismatch("an object with colId and sort");
    SLATE_TRY(const JsonNode column, require(element, "colId"));
    SLATE_TRY(const JsonNode word, require(element, "sort"));
    SortKey key;
    SLATE_TRY(key.field, read_string(column));
    SLATE_TRY(key.direction, read_word(word, kDirections));
    sort.push_back(std::move(key));
  }
  return sort;
}

// A member that is there and not null.
std::optional<JsonNode> given(const ObjectReader& request, std::string_view member) {
  auto node = request.find(member);
  return node && !node->value().is_null() ? node : std::nullopt;
}

Result<void> read_rows(const ObjectReader& request, Query& query) {
  if (const auto start = given(request, "startRow")) {
    SLATE_TRY(query.skip, read_row(*start));
  }
  const auto end = given(request, "endRow");
  if (!end) return {};
  SLATE_TRY(const std::uint64_t end_row, read_row(*end));
  if (end_row < query.skip)
    return end->refuse(fmt::format("expected startRow or more, which is {}, got {}", query.skip, end_row));
  query.take = end_row - query.skip;
  return {};
}

}  // namespace

Result<Query> query_from_grid_request(const json::value& body) {
  const JsonNode root(body);
  SLATE_TRY(const auto request,
            ObjectReader::open(root, {"startRow", "endRow", "sortModel", "filterModel", "rowGroupCols",
                                      "groupKeys", "pivotCols", "pivotMode", "valueCols"}));
  const std::array<std::pair<std::string_view, std::string_view>, 5> refused{
      {{"rowGroupCols", "groups are"},
       {"groupKeys", "groups are"},
       {"pivotCols", "pivots are"},
       {"pivotMode", "pivots are"},
       {"valueCols", "aggregation is"}}};
  for (const auto& [member, what] : refused)
    if (const auto node = request.find(member); node && !asks_for_nothing(node->value()))
      return not_offered(*node, what);
  Query query;
  SLATE_TRY(read_rows(request, query));
  if (const auto sort = given(request, "sortModel")) {
    SLATE_TRY(query.sort, read_sort_model(*sort));
  }
  if (const auto filter = given(request, "filterModel")) {
    SLATE_TRY(query.filter, read_filter_model(*filter));
  }
  return query;
}

}  // namespace slate
