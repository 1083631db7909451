#include "column_type.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

namespace file_loader {
namespace {

constexpr std::array<std::pair<std::string_view, ColumnType>, 5> kNames{{{"string", ColumnType::kString},
                                                                         {"int", ColumnType::kInt},
                                                                         {"float", ColumnType::kFloat},
                                                                         {"bool", ColumnType::kBool},
                                                                         {"date", ColumnType::kDate}}};

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_finite(std::string_view text) {
  const auto number = parse_number<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<int> digits(std::string_view text, std::size_t begin, std::size_t count) {
  const auto part = text.substr(begin, count);
  if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_number<int>(part);
}

std::unexpected<std::string> expected_a(std::string_view type, std::string_view text) {
  return std::unexpected("expected " + std::string(type) + ", got \"" + std::string(text.substr(0, 80)) +
                         "\"");
}

}  // namespace

std::optional<ColumnType> parse_column_type(std::string_view name) {
  for (const auto& [known, type] : kNames)
    if (known == name) return type;
  return std::nullopt;
}

ColumnType guess_type(std::string_view text) {
  if (text == "true" || text == "false") return ColumnType::kBool;
  const auto unsigned_text = text.starts_with('-') ? text.substr(1) : text;
  const bool padded = unsigned_text.size() > 1 && unsigned_text[0] == '0' && unsigned_text[1] != '.';
  const bool numeric =
      !unsigned_text.empty() && unsigned_text[0] >= '0' && unsigned_text[0] <= '9' && !padded;
  if (numeric && parse_number<std::int64_t>(text)) return ColumnType::kInt;
  const bool fraction = text.find_first_of(".eE") != std::string_view::npos;
  if (numeric && fraction && parse_finite(text)) return ColumnType::kFloat;
  return ColumnType::kString;
}

ColumnType common_type(ColumnType a, ColumnType b) {
  if (a == b) return a;
  const auto number = [](ColumnType type) { return type == ColumnType::kInt || type == ColumnType::kFloat; };
  return number(a) && number(b) ? ColumnType::kFloat : ColumnType::kString;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  if (const auto seconds = parse_number<std::int64_t>(text)) return seconds;
  if (text.size() != 10 && text.size() != 20) return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight =
      std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
  if (text.size() == 10) return midnight;
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z') return std::nullopt;
  return midnight + *hour * 3600 + *minute * 60 + *second;
}

std::expected<slate::loader::FieldValue, std::string> to_value(std::string_view text, ColumnType type) {
  slate::loader::FieldValue value;
  if (text.empty()) return value;
  switch (type) {
    case ColumnType::kString: value.set_string_value(std::string(text)); break;
    case ColumnType::kInt:
      if (const auto number = parse_number<std::int64_t>(text))
        value.set_int_value(*number);
      else
        return expected_a("an int", text);
      break;
    case ColumnType::kFloat:
      if (const auto number = parse_finite(text))
        value.set_float_value(*number);
      else
        return expected_a("a number", text);
      break;
    case ColumnType::kBool:
      if (text != "true" && text != "false") return expected_a("true or false", text);
      value.set_bool_value(text == "true");
      break;
    case ColumnType::kDate:
      if (const auto seconds = parse_seconds(text))
        value.set_date_value(*seconds);
      else
        return expected_a("a date", text);
      break;
  }
  return value;
}

}  // namespace file_loader
