#include "model/date.h"

#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace slate {
namespace {

constexpr std::int64_t kFirst = -62167219200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z

struct Accepted {
  const char* text;
  std::int64_t seconds;
};
class AcceptedDate : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedDate, is_read_as_its_seconds) {
  const auto date = parse_date(GetParam().text);
  ASSERT_TRUE(date.has_value()) << date.error().to_string();
  EXPECT_EQ(date->seconds, GetParam().seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Date, AcceptedDate,
    testing::Values(
        Accepted{"1970-01-01T00:00:00Z", 0},  //
        Accepted{"1970-01-01", 0},            //
        Accepted{"2024-05-01T12:00:00Z", 1714564800}, Accepted{"2024-05-01T14:00:00+02:00", 1714564800},
        Accepted{"2024-05-01T06:30:00-05:30", 1714564800}, Accepted{"2024-05-01T12:00:00-00:00", 1714564800},
        Accepted{"2024-05-01t12:00:00z", 1714564800}, Accepted{"2024-05-01T12:00:00.000000Z", 1714564800},
        Accepted{"1969-12-31T23:59:59Z", -1}, Accepted{"2024-02-29T00:00:00Z", 1709164800},
        Accepted{"2000-02-29", 951782400}, Accepted{"0000-01-01T00:00:00Z", kFirst},
        Accepted{"9999-12-31T23:59:59Z", kLast}, Accepted{"2024-05-02T00:30:00+23:59", 1714523460}));

class RefusedDate : public testing::TestWithParam<const char*> {};

TEST_P(RefusedDate, is_an_invalid_argument) {
  const auto date = parse_date(GetParam());
  ASSERT_FALSE(date.has_value()) << date->seconds;
  EXPECT_EQ(date.error().reason(), Reason::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Date, RefusedDate,
    testing::Values("", "2024", "2024-05", "2024-5-1", "24-05-01", "2024-13-01", "2024-00-10", "2024-05-00",
                    "2024-04-31", "2023-02-29", "1900-02-29", "2024-05-01 12:00:00Z", "2024-05-01T",
                    "2024-05-01T12", "2024-05-01T12:00Z", "2024-05-01T12:00:00", "2024-05-01T24:00:00Z",
                    "2024-05-01T12:60:00Z", "2016-12-31T23:59:60Z", "2024-05-01T12:00:61Z",
                    "2024-05-01T12:00:00.5Z", "2024-05-01T12:00:00.Z", "2024-05-01T12:00:00,0Z",
                    "2024-05-01T12:00:00+2", "2024-05-01T12:00:00+0200", "2024-05-01T12:00:00+24:00",
                    "2024-05-01T12:00:00+02:60", "2024-05-01T12:00:00ZZ", "2024-05-01T12:00:00Z ",
                    " 2024-05-01", "2024-05-01Z", "-001-01-01", "+2024-05-01", "12024-05-01", "1714564800",
                    "2024/05/01", "\xd9\xa2\xd9\xa0-05-01", "0000-01-01T00:00:00+00:01",
                    "9999-12-31T23:59:59-00:01"));

TEST(Date, a_fraction_that_would_be_lost_is_said_to_be_so) {
  EXPECT_NE(parse_date("2024-05-01T12:00:00.5Z").error().message().find("fraction"), std::string::npos);
}

TEST(Date, a_long_text_is_not_repeated_whole) {
  EXPECT_LT(parse_date(std::string(1 << 20, '2')).error().message().size(), 300u);
}

TEST(Date, is_written_in_utc) {
  EXPECT_EQ(format_date(Date{1714564800}), "2024-05-01T12:00:00Z");
  EXPECT_EQ(format_date(Date{-1}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_date(Date{kFirst}), "0000-01-01T00:00:00Z");
  EXPECT_EQ(format_date(Date{kLast}), "9999-12-31T23:59:59Z");
}

TEST(Date, beyond_four_digit_years_is_written_as_seconds) {
  EXPECT_EQ(format_date(Date{kFirst - 1}), "-62167219201");
  EXPECT_EQ(format_date(Date{kLast + 1}), "253402300800");
  EXPECT_EQ(format_date(Date{std::numeric_limits<std::int64_t>::min()}), "-9223372036854775808");
  EXPECT_EQ(format_date(Date{std::numeric_limits<std::int64_t>::max()}), "9223372036854775807");
}

TEST(Date, what_is_written_is_read_back) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> seconds(kFirst, kLast);
  for (int i = 0; i < 20000; ++i) {
    const Date date{seconds(random)};
    EXPECT_EQ(parse_date(format_date(date)).value(), date) << date.seconds;
  }
}

TEST(Date, append_keeps_what_was_there) {
  std::string out = "at ";
  append_date(out, Date{0});
  EXPECT_EQ(out, "at 1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace slate
