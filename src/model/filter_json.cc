#include "model/filter_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include "model/json.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::array kDirections{Word<Direction>{"asc", Direction::kAscending},
                                 Word<Direction>{"desc", Direction::kDescending}};
constexpr std::array kNulls{Word<Nulls>{"last", Nulls::kLast}, Word<Nulls>{"first", Nulls::kFirst}};

Result<Op> read_op(const JsonNode& node) {
  SLATE_TRY(const std::string word, read_string(node));
  if (const auto op = parse_op(word)) return *op;
  std::array<std::string_view, static_cast<std::size_t>(Op::kEmpty) + 1> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = op_name(static_cast<Op>(i));
  auto hint = near_miss_hint(word, words);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(words, ", "));
  return node.refuse(fmt::format("unknown operator {}", quoted(word)), std::move(hint));
}

// A constant to compare with.
Result<Literal> read_literal(const JsonNode& node) {
  const json::value& value = node.value();
  if (value.is_null())
    return node.refuse("null satisfies no comparison",
                       R"({"op": "isnull", "value": true} finds what has no value)");
  if (value.is_array() || value.is_object()) return node.mismatch("a single value");
  return Literal{.value = value_from_json(value), .is_text = false};
}

Result<std::vector<Literal>> read_literals(const JsonNode& node) {
  SLATE_TRY(const auto elements, read_array(node));
  if (elements.size() > FilterLimits::kInValues)
    return node.refuse(
        fmt::format("expected at most {} values, got {}", FilterLimits::kInValues, elements.size()));
  std::vector<Literal> literals;
  literals.reserve(elements.size());
  for (const auto& element : elements) {
    SLATE_TRY(auto literal, read_literal(element));
    literals.push_back(std::move(literal));
  }
  return literals;
}

Result<std::vector<Literal>> read_values(const JsonNode& node, Op op) {
  switch (op) {
    case Op::kIn:
    case Op::kNin: return read_literals(node);
    case Op::kBetween: {
      SLATE_TRY(auto ends, read_literals(node));
      if (ends.size() != 2) return node.refuse(fmt::format("expected two values, got {}", ends.size()));
      return ends;
    }
    case Op::kIsnull:
    case Op::kEmpty:
      if (!node.value().is_bool()) return node.mismatch("true or false");
      break;
    default: break;
  }
  SLATE_TRY(auto literal, read_literal(node));
  return std::vector{std::move(literal)};
}

// Reads one filter, counting its conditions. Recursion ends at FilterLimits::kDepth groups within each other.
class FilterReader {
 public:
  Result<Filter> read(const JsonNode& node, std::size_t depth) {
    const auto* object = node.value().if_object();
    if (object == nullptr) return node.mismatch("a condition or a group of conditions");
    if (object->empty())
      return node.refuse("expected a condition or a group of conditions, got an empty object");
    for (const auto& [word, kind] : kGroups)
      if (object->contains(word)) return read_group(node, word, kind, depth);
    return read_condition(node);
  }

 private:
  static constexpr std::array kGroups{Word<Filter::Kind>{"and", Filter::Kind::kAnd},
                                      Word<Filter::Kind>{"or", Filter::Kind::kOr},
                                      Word<Filter::Kind>{"not", Filter::Kind::kNot}};

  Result<Filter> read_group(const JsonNode& node, std::string_view word, Filter::Kind kind,
                            std::size_t depth) {
    if (depth >= FilterLimits::kDepth)
      return node.refuse(fmt::format("groups nest at most {} deep", FilterLimits::kDepth));
    if (node.value().get_object().size() != 1)
      return node.refuse(fmt::format("a group has one member only, \"{}\"", word),
                         R"({"and": [...]} holds several conditions)");
    SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"and", "or", "not"}));
    SLATE_TRY(const JsonNode inside, object.require(word));
    Filter filter;
    filter.kind = kind;
    if (kind == Filter::Kind::kNot) {
      SLATE_TRY(auto child, read(inside, depth + 1));
      filter.children.push_back(std::move(child));
      return filter;
    }
    SLATE_TRY(const auto elements, read_array(inside));
    for (const auto& element : elements) {
      SLATE_TRY(auto child, read(element, depth + 1));
      filter.children.push_back(std::move(child));
    }
    return filter;
  }

  Result<Filter> read_condition(const JsonNode& node) {
    SLATE_TRY(const ObjectReader object,
              ObjectReader::open(node, {"field", "op", "value", "and", "or", "not"}));
    if (++conditions_ > FilterLimits::kConditions)
      return node.refuse(fmt::format("a filter has at most {} conditions", FilterLimits::kConditions));
    Filter filter;
    filter.kind = Filter::Kind::kCondition;
    SLATE_TRY(const JsonNode field, object.require("field"));
    SLATE_TRY(filter.field, read_string(field));
    if (filter.field.empty()) return field.refuse("expected the name of a field, got an empty string");
    SLATE_TRY(object.read("op", read_op, filter.op));
    SLATE_TRY(const JsonNode value, object.require("value"));
    SLATE_TRY(filter.values, read_values(value, filter.op));
    return filter;
  }

  std::size_t conditions_ = 0;
};

// {"field", "direction", "nulls"}, or "field", or "-field".
Result<SortKey> read_sort_key(const JsonNode& node) {
  SortKey key;
  if (node.value().is_string()) {
    SLATE_TRY(key.field, read_string(node));
    if (key.field.starts_with('-')) {
      key.direction = Direction::kDescending;
      key.field.erase(0, 1);
    }
    if (key.field.empty()) return node.refuse("expected the name of a field");
    return key;
  }
  SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"field", "direction", "nulls"}));
  SLATE_TRY(const JsonNode field, object.require("field"));
  SLATE_TRY(key.field, read_string(field));
  if (key.field.empty()) return field.refuse("expected the name of a field, got an empty string");
  SLATE_TRY(object.read("direction", read_direction, key.direction));
  SLATE_TRY(object.read(
      "nulls", [](const JsonNode& nulls) { return read_word(nulls, kNulls); }, key.nulls));
  return key;
}

json::value values_to_json(const Filter& filter) {
  if (filter.op == Op::kIn || filter.op == Op::kNin || filter.op == Op::kBetween) {
    json::array array;
    for (const auto& literal : filter.values) array.push_back(to_json(literal.value));
    return array;
  }
  if (filter.values.empty()) return nullptr;
  return to_json(filter.values.front().value);
}

}  // namespace

Result<Filter> read_filter(const JsonNode& node) { return FilterReader().read(node, 0); }

Result<std::vector<SortKey>> read_sort(const JsonNode& node) {
  SLATE_TRY(const auto elements, read_array(node));
  if (elements.size() > FilterLimits::kSortKeys)
    return node.refuse(
        fmt::format("expected at most {} fields, got {}", FilterLimits::kSortKeys, elements.size()));
  std::vector<SortKey> sort;
  sort.reserve(elements.size());
  for (const auto& element : elements) {
    SLATE_TRY(auto key, read_sort_key(element));
    sort.push_back(std::move(key));
  }
  return sort;
}

Result<Direction> read_direction(const JsonNode& node) { return read_word(node, kDirections); }
std::string_view direction_word(Direction direction) { return word_of(direction, kDirections); }

Result<Filter> filter_from_json(const json::value& json) { return read_filter(JsonNode(json)); }

json::value to_json(const Filter& filter) {
  switch (filter.kind) {
    case Filter::Kind::kCondition:
      return json::object{
          {"field", filter.field}, {"op", op_name(filter.op)}, {"value", values_to_json(filter)}};
    case Filter::Kind::kNot: return json::object{{"not", to_json(filter.children.front())}};
    case Filter::Kind::kAnd:
    case Filter::Kind::kOr: break;
  }
  json::array children;
  for (const auto& child : filter.children) children.push_back(to_json(child));
  json::object object;
  object.emplace(filter.kind == Filter::Kind::kAnd ? "and" : "or", std::move(children));
  return object;
}

Result<std::vector<SortKey>> sort_from_json(const json::value& json) { return read_sort(JsonNode(json)); }

json::value to_json(const std::vector<SortKey>& sort) {
  json::array array;
  for (const auto& key : sort) {
    json::object object{{"field", key.field}};
    if (key.direction != Direction::kAscending) object.emplace("direction", direction_word(key.direction));
    if (key.nulls != Nulls::kLast) object.emplace("nulls", word_of(key.nulls, kNulls));
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace slate
