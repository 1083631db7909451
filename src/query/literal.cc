#include "query/literal.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "model/coerce.h"
#include "model/date.h"
#include "model/name.h"

namespace slate {
namespace {

using Side = Place::Side;

constexpr auto kLeastInt = std::numeric_limits<std::int64_t>::min();
constexpr auto kMostInt = std::numeric_limits<std::int64_t>::max();
// 2^63: the first double above every int. Its negative is the least int.
constexpr double kBeyondInts = 9223372036854775808.0;

std::string_view expected(Type type) {
  return type == Type::kDate ? "a date (RFC 3339 or seconds)" : with_article(type);
}

std::string_view got(const Value& value) {
  const auto kind = value.kind();
  if (kind == "null") return kind;
  if (kind == "int") return "an int";
  if (kind == "string") return "a string";
  if (kind == "float") return "a float";
  if (kind == "bool") return "a bool";
  if (kind == "date") return "a date";
  return kind == "list" ? "a list" : "a map";
}

Failure wrong_kind(Type type, const Value& value) {
  auto error =
      Error(Reason::kInvalidArgument, fmt::format("expected {}, got {}", expected(type), got(value)));
  if (value.is_null()) error = std::move(error).with_hint("null is asked for with the operator \"isnull\"");
  return Failure(std::move(error));
}

Failure wrong_text(Type type, std::string_view text) {
  auto error =
      Error(Reason::kInvalidArgument, fmt::format("expected {}, got {}", expected(type), quoted(text)));
  if (type == Type::kDate && text.find(' ') != std::string_view::npos)
    error = std::move(error).with_hint("in a URL the + of an offset is written %2B");
  return Failure(std::move(error));
}

Result<Place> place_string(std::string_view text) {
  if (!is_valid_utf8(text))
    return fail(Reason::kInvalidArgument, fmt::format("expected valid UTF-8, got {}", quoted(text)));
  return Place{.value = std::string(text), .side = Side::kOn};
}

Place on(std::int64_t number) { return {.value = number, .side = Side::kOn}; }

// REQUIRES: finite.
Place place_among_ints(double number) {
  if (number >= kBeyondInts) return {.value = kMostInt, .side = Side::kAbove};
  if (number < -kBeyondInts) return {.value = kLeastInt, .side = Side::kBelow};
  // Beyond 2^53 every double is whole, so the next whole number up is still in range.
  const double whole = std::ceil(number);
  return {.value = static_cast<std::int64_t>(whole), .side = whole == number ? Side::kOn : Side::kBelow};
}

Place place_among_floats(std::int64_t number) {
  const auto nearest = static_cast<double>(number);
  if (nearest >= kBeyondInts) return {.value = nearest, .side = Side::kBelow};
  const auto back = static_cast<std::int64_t>(nearest);
  if (back == number) return {.value = nearest, .side = Side::kOn};
  return {.value = nearest, .side = number < back ? Side::kBelow : Side::kAbove};
}

Result<Place> place_float(double number, Type type) {
  if (!std::isfinite(number))
    return fail(Reason::kInvalidArgument, fmt::format("expected a finite number, got {}", number));
  if (type == Type::kInt) return place_among_ints(number);
  return Place{.value = number == 0.0 ? 0.0 : number, .side = Side::kOn};
}

bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Digits beyond 64 bits lie beyond every int. Nothing when the text is not digits.
std::optional<Place> place_digits(std::string_view text) {
  if (!is_digits(text)) return std::nullopt;
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc()) return on(number);
  return text.starts_with('-') ? Place{.value = kLeastInt, .side = Side::kBelow}
                               : Place{.value = kMostInt, .side = Side::kAbove};
}

Result<Place> place_number_text(std::string_view text, Type type) {
  if (auto digits = place_digits(text)) {
    if (type == Type::kInt) return *std::move(digits);
    if (digits->side == Side::kOn) return place_among_floats(std::get<std::int64_t>(digits->value));
  }
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc::result_out_of_range)
    return fail(Reason::kInvalidArgument, fmt::format("{} is beyond the range of a float", quoted(text)));
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(number))
    return wrong_text(type, text);
  return place_float(number, type);
}

Result<Place> place_date_text(std::string_view text) {
  const auto date = parse_date(text);
  if (!date) return wrong_text(Type::kDate, text);
  return on(date->seconds);
}

// A parameter of a URL: the type decides how it is read.
Result<Place> place_text(std::string_view text, Type type) {
  switch (type) {
    case Type::kString: return place_string(text);
    case Type::kInt:
    case Type::kFloat: return place_number_text(text, type);
    case Type::kBool:
      if (text == "true") return on(1);
      if (text == "false") return on(0);
      return wrong_text(type, text);
    case Type::kDate:
      if (auto seconds = place_digits(text)) return *std::move(seconds);
      return place_date_text(text);
    case Type::kList:
    case Type::kMap: break;
  }
  return wrong_text(type, text);
}

}  // namespace

std::string_view with_article(Type type) {
  switch (type) {
    case Type::kString: return "a string";
    case Type::kInt: return "an int";
    case Type::kFloat: return "a float";
    case Type::kBool: return "a bool";
    case Type::kDate: return "a date";
    case Type::kList: return "a list";
    case Type::kMap: return "a map";
  }
  return "a value";
}

Result<Place> place_literal(const Literal& literal, Type type) {
  const Value& value = literal.value;
  const auto* text = value.get_if<std::string>();
  if (text != nullptr && literal.is_text) return place_text(*text, type);
  switch (type) {
    case Type::kString:
      if (text != nullptr) return place_string(*text);
      break;
    case Type::kInt:
      if (const auto* number = value.get_if<std::int64_t>()) return on(*number);
      if (const auto* number = value.get_if<double>()) return place_float(*number, type);
      if (text != nullptr)
        if (auto digits = place_digits(*text)) return *std::move(digits);
      break;
    case Type::kFloat:
      if (const auto* number = value.get_if<double>()) return place_float(*number, type);
      if (const auto* number = value.get_if<std::int64_t>()) return place_among_floats(*number);
      break;
    case Type::kBool:
      if (const auto* truth = value.get_if<bool>()) return on(*truth ? 1 : 0);
      break;
    case Type::kDate:
      if (const auto* date = value.get_if<Date>()) return on(date->seconds);
      if (const auto* seconds = value.get_if<std::int64_t>()) return on(*seconds);
      if (text != nullptr) return place_date_text(*text);
      break;
    case Type::kList:
    case Type::kMap: break;
  }
  return wrong_kind(type, value);
}

Result<bool> truth_of(const Literal& literal) {
  if (const auto* truth = literal.value.get_if<bool>()) return *truth;
  const auto* text = literal.value.get_if<std::string>();
  if (text != nullptr && literal.is_text) {
    if (*text == "true") return true;
    if (*text == "false") return false;
    return fail(Reason::kInvalidArgument, fmt::format("expected true or false, got {}", quoted(*text)));
  }
  return fail(Reason::kInvalidArgument, fmt::format("expected true or false, got {}", got(literal.value)));
}

}  // namespace slate
