#include "model/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/try.h"
#include "model/name.h"

namespace slate {
namespace {

namespace json = boost::json;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && text[at + count] >= '0' && text[at + count] <= '9') ++count;
  return count;
}

// [0-9]+ after the sign.
bool is_decimal(std::string_view unsigned_text) {
  return !unsigned_text.empty() && digits_at(unsigned_text, 0) == unsigned_text.size();
}

// (\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? after the sign.
bool is_float(std::string_view text) {
  const std::size_t whole = digits_at(text, 0);
  std::size_t at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (whole == 0 && fraction == 0) return false;
    at += 1 + fraction;
  } else if (whole == 0) {
    return false;
  }
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t exponent = digits_at(text, at);
  return exponent > 0 && at + exponent == text.size();
}

// Without a leading "+", which from_chars does not know.
std::string_view without_plus(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text;
}

Result<json::value> to_float(std::string_view text) {
  const auto number_text = without_plus(text);
  double number = 0.0;
  const auto read = std::from_chars(number_text.data(), number_text.data() + number_text.size(), number);
  // Out of range is too large, or so small that it is zero.
  if (read.ec == std::errc::result_out_of_range) {
    const auto exponent = number_text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && number_text.substr(exponent + 1).starts_with('-');
    if (!tiny) return fail(Reason::kInvalidArgument, fmt::format("the number {} is too large", shown(text)));
    number = 0.0;
  }
  return json::value(number);
}

// Beyond 64 bits they become floats, as in JSON.
Result<json::value> to_int(std::string_view text, std::string_view digits, int base) {
  const bool negative = text.starts_with('-');
  std::uint64_t magnitude = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  constexpr std::uint64_t kLowest = std::uint64_t{1} << 63;
  if (read.ec == std::errc::result_out_of_range || (negative && magnitude > kLowest)) {
    if (base == 10) return to_float(text);
    return fail(Reason::kInvalidArgument, fmt::format("the number {} is too large", shown(text)));
  }
  if (negative) return json::value(static_cast<std::int64_t>(-magnitude));
  if (std::in_range<std::int64_t>(magnitude)) return json::value(static_cast<std::int64_t>(magnitude));
  return json::value(magnitude);
}

// Nothing when the text does not read like a number.
std::optional<Result<json::value>> to_number(std::string_view text) {
  std::string_view magnitude = text;
  if (text.starts_with('-') || text.starts_with('+')) magnitude.remove_prefix(1);
  if (is_decimal(magnitude)) return to_int(text, magnitude, 10);
  if (text.starts_with("0o") && text.size() > 2 &&
      text.find_first_not_of("01234567", 2) == std::string_view::npos)
    return to_int(text, text.substr(2), 8);
  if (text.starts_with("0x") && text.size() > 2 &&
      text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos)
    return to_int(text, text.substr(2), 16);
  if (is_float(magnitude)) return to_float(text);
  if (is_one_of(magnitude, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"}))
    return fail(Reason::kInvalidArgument, fmt::format("{} cannot be stored, numbers are finite", text));
  return std::nullopt;
}

Result<json::value> read_plain(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return json::value(nullptr);
  if (is_one_of(text, {"true", "True", "TRUE"})) return json::value(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return json::value(false);
  if (auto number = to_number(text)) return *std::move(number);
  return json::value(json::string_view(text.data(), text.size()));
}

}  // namespace

Result<json::value> read_yaml_scalar(std::string_view tag, std::string_view text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?" || tag.empty()) return read_plain(text);
  if (tag == "!" || tag == "tag:yaml.org,2002:str")
    return json::value(json::string_view(text.data(), text.size()));
  if (!tag.starts_with(kCore)) return fail(Reason::kInvalidArgument, "unknown tag " + quoted(tag));

  const std::string_view wanted = tag.substr(kCore.size());
  if (!is_one_of(wanted, {"null", "bool", "int", "float"}))
    return fail(Reason::kInvalidArgument, "unknown tag " + quoted(tag));
  SLATE_TRY(json::value value, read_plain(text));
  const bool is_int = value.is_int64() || value.is_uint64();
  if (wanted == "float" && is_int) return json::value(value.to_number<double>());
  const bool fits = (wanted == "null" && value.is_null()) || (wanted == "bool" && value.is_bool()) ||
                    (wanted == "int" && is_int) || (wanted == "float" && value.is_double());
  if (!fits) return fail(Reason::kInvalidArgument, fmt::format("{} is no {}", quoted(text), wanted));
  return value;
}

}  // namespace slate
