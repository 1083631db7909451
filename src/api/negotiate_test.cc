#include "api/negotiate.h"

#include <gtest/gtest.h>

namespace slate::api {
namespace {

using std::chrono::seconds;

std::optional<Format> chosen(std::string accept) {
  const auto format = negotiate({{"Accept", std::move(accept)}});
  return format ? std::optional(*format) : std::nullopt;
}
std::optional<seconds> wait_of(std::string prefer) { return preferred_wait({{"Prefer", std::move(prefer)}}); }

TEST(Negotiate, json_is_given_to_who_asks_for_nothing_or_anything) {
  EXPECT_EQ(*negotiate({}), Format::kJson);
  EXPECT_EQ(chosen(""), Format::kJson);
  EXPECT_EQ(chosen("*/*"), Format::kJson);
  EXPECT_EQ(chosen("text/html, */*;q=0.1"), Format::kJson);
}

TEST(Negotiate, highest_quality_wins) {
  EXPECT_EQ(chosen("application/json;q=0.5, text/csv;q=0.8, application/x-ndjson;q=0.25"), Format::kCsv);
  EXPECT_EQ(chosen("text/csv;q=0.001, application/x-ndjson;q=0.002"), Format::kNdjson);
  EXPECT_EQ(chosen("TEXT/CSV ; charset=utf-8 ; Q=1.000"), Format::kCsv);
}

TEST(Negotiate, closest_range_decides_the_quality) {
  EXPECT_EQ(chosen("text/*, application/json;q=0"), Format::kCsv);
  EXPECT_EQ(chosen("*/*, application/json;q=0"), Format::kNdjson);
  EXPECT_EQ(chosen("application/*;q=0.2, text/csv;q=0.1"), Format::kJson);
}

TEST(Negotiate, ranges_of_several_headers_count_together) {
  EXPECT_EQ(*negotiate({{"Accept", "text/html"}, {"Accept", "text/csv"}}), Format::kCsv);
}

TEST(Negotiate, what_nothing_fits_is_not_acceptable) {
  const auto format = negotiate({{"Accept", "text/html, application/xml;q=0.9"}});
  ASSERT_FALSE(format);
  EXPECT_EQ(format.error().reason(), Reason::kNotAcceptable);
  EXPECT_EQ(chosen("application/json;q=0"), std::nullopt);
  EXPECT_EQ(chosen("*/*;q=0"), std::nullopt);
}

TEST(Negotiate, malformed_ranges_are_passed_over) {
  EXPECT_EQ(chosen("application/json;q=2, text/csv"), Format::kCsv);
  EXPECT_EQ(chosen("application/json;q=, text/csv"), Format::kCsv);
  EXPECT_EQ(chosen("application/json;q=0.12345, text/csv;q=0.1"), Format::kCsv);
  EXPECT_EQ(chosen(",,;;q=1,\"unclosed, text/csv"), std::nullopt);  // one range, of a type without end
  EXPECT_EQ(chosen(",,;;q=1,;"), Format::kJson);
  EXPECT_EQ(chosen("text/html;a=\"x,text/csv\", application/x-ndjson"), Format::kNdjson);
}

TEST(Prefer, wait_is_seconds_up_to_sixty) {
  EXPECT_EQ(wait_of("wait=0"), seconds(0));
  EXPECT_EQ(wait_of("respond-async, WAIT = 25; x=1"), seconds(25));
  EXPECT_EQ(wait_of("wait=\"7\""), seconds(7));
  EXPECT_EQ(wait_of("wait=61"), seconds(60));
  EXPECT_EQ(wait_of("wait=99999999999999999999999"), seconds(60));
  EXPECT_EQ(preferred_wait({{"Prefer", "respond-async"}, {"Prefer", "wait=3"}}), seconds(3));
}

TEST(Prefer, malformed_wait_is_ignored) {
  for (const char* text :
       {"", "wait", "wait=", "wait=-1", "wait=1.5", "wait=1s", "wait= ", "waiting=5", "wait=\""})
    EXPECT_EQ(wait_of(text), std::nullopt) << text;
  EXPECT_EQ(preferred_wait({}), std::nullopt);
}

TEST(ContentType, is_lower_case_without_parameters) {
  EXPECT_EQ(content_type({{"Content-Type", "Application/JSON ; charset=utf-8"}}), "application/json");
  EXPECT_EQ(content_type({}), "");
}

}  // namespace
}  // namespace slate::api
