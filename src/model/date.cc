#include "model/date.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <utility>

namespace slate {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr std::int64_t seconds_of(year_month_day day) {
  return sys_seconds(sys_days(day)).time_since_epoch().count();
}
constexpr std::int64_t kFirst =
    seconds_of(year_month_day(std::chrono::year(0), std::chrono::January, std::chrono::day(1)));
constexpr std::int64_t kLast =
    seconds_of(year_month_day(std::chrono::year(9999), std::chrono::December, std::chrono::day(31))) + 86399;

// Two digits, which most of a date is made of.
char* put_two(char* to, unsigned number) {
  to[0] = static_cast<char>('0' + number / 10);
  to[1] = static_cast<char>('0' + number % 10);
  return to + 2;
}

// Reads a text from left to right; every read fails rather than passing the end.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  // Exactly `count` ASCII digits.
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }
  // The next character, if it is one of these.
  std::optional<char> one_of(std::string_view accepted) {
    if (rest_.empty() || accepted.find(rest_.front()) == std::string_view::npos) return std::nullopt;
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }
  // Any number of digits, as text.
  std::string_view digit_run() {
    std::size_t length = 0;
    while (length < rest_.size() && is_digit(rest_[length])) ++length;
    const auto run = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return run;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view rest_;
};

Failure refuse(std::string_view text, std::string_view why) {
  return fail(
      Reason::kInvalidArgument,
      fmt::format("expected a date such as 2024-05-01T12:00:00Z, got \"{}\": {}", text.substr(0, 64), why));
}

// The failure's reason, or the day.
std::expected<sys_days, const char*> read_day(Reader& reader) {
  const auto year = reader.digits(4);
  if (!year || !reader.one_of("-")) return std::unexpected("it does not begin with a year of four digits");
  const auto month = reader.digits(2);
  if (!month || !reader.one_of("-")) return std::unexpected("the month is not two digits");
  const auto day = reader.digits(2);
  if (!day) return std::unexpected("the day is not two digits");
  const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::unexpected("there is no such day");
  return sys_days(date);
}

// Seconds since midnight.
std::expected<std::int64_t, const char*> read_time(Reader& reader) {
  const auto hour = reader.digits(2);
  if (!hour || !reader.one_of(":")) return std::unexpected("the hour is not two digits");
  const auto minute = reader.digits(2);
  if (!minute || !reader.one_of(":")) return std::unexpected("the minute is not two digits");
  const auto second = reader.digits(2);
  if (!second) return std::unexpected("the second is not two digits");
  if (*second == 60) return std::unexpected("leap seconds have no number of their own");
  if (*hour > 23 || *minute > 59 || *second > 59) return std::unexpected("there is no such time");
  if (reader.one_of(".")) {
    const auto fraction = reader.digit_run();
    if (fraction.empty()) return std::unexpected("the fraction has no digits");
    if (fraction.find_first_not_of('0') != std::string_view::npos)
      return std::unexpected("dates hold whole seconds, the fraction would be lost");
  }
  return *hour * 3600 + *minute * 60 + *second;
}

// Seconds east of UTC.
std::expected<std::int64_t, const char*> read_offset(Reader& reader) {
  if (reader.one_of("Zz")) return 0;
  const auto sign = reader.one_of("+-");
  if (!sign) return std::unexpected("it needs Z or an offset such as +02:00");
  const auto hours = reader.digits(2);
  if (!hours || !reader.one_of(":")) return std::unexpected("the offset is not hours:minutes");
  const auto minutes = reader.digits(2);
  if (!minutes) return std::unexpected("the offset is not hours:minutes");
  if (*hours > 23 || *minutes > 59) return std::unexpected("there is no such offset");
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return *sign == '-' ? -offset : offset;
}

}  // namespace

Result<Date> parse_date(std::string_view text) {
  Reader reader(text);
  const auto day = read_day(reader);
  if (!day) return refuse(text, day.error());
  const std::int64_t midnight = sys_seconds(*day).time_since_epoch().count();
  if (reader.at_end()) return Date{midnight};
  if (!reader.one_of("Tt")) return refuse(text, "a T must follow the day");
  const auto time = read_time(reader);
  if (!time) return refuse(text, time.error());
  const auto offset = read_offset(reader);
  if (!offset) return refuse(text, offset.error());
  if (!reader.at_end()) return refuse(text, "something follows it");
  const Date date{midnight + *time - *offset};
  if (!has_rfc3339(date)) return refuse(text, "in UTC its year is not 0000 to 9999");
  return date;
}

bool has_rfc3339(Date date) { return date.seconds >= kFirst && date.seconds <= kLast; }

// Pages of dates are written with it: formatting by a pattern takes several times as long.
void append_date(std::string& out, Date date) {
  if (!has_rfc3339(date)) {
    fmt::format_to(std::back_inserter(out), "{}", date.seconds);
    return;
  }
  const sys_seconds instant{seconds(date.seconds)};
  const auto day = floor<days>(instant);
  const year_month_day date_part(day);
  const std::chrono::hh_mm_ss time_part(instant - day);
  const auto year = static_cast<unsigned>(static_cast<int>(date_part.year()));
  std::array<char, 20> text;
  char* to = put_two(text.data(), year / 100);
  to = put_two(to, year % 100);
  for (const auto& [separator, number] : {std::pair('-', static_cast<unsigned>(date_part.month())),
                                          {'-', static_cast<unsigned>(date_part.day())},
                                          {'T', static_cast<unsigned>(time_part.hours().count())},
                                          {':', static_cast<unsigned>(time_part.minutes().count())},
                                          {':', static_cast<unsigned>(time_part.seconds().count())}}) {
    *to++ = separator;
    to = put_two(to, number);
  }
  *to = 'Z';
  out.append(text.data(), text.size());
}

std::string format_date(Date date) {
  std::string text;
  append_date(text, date);
  return text;
}

}  // namespace slate
