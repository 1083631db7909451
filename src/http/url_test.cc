#include "http/url.h"

#include <gtest/gtest.h>

namespace slate::http {
namespace {

using Segments = std::vector<std::string>;

Segments segments(std::string_view target) {
  const auto parsed = parse_target(target);
  EXPECT_TRUE(parsed) << target;
  return parsed ? parsed->segments : Segments{};
}
NamedValues query(std::string_view target) {
  const auto parsed = parse_target(target);
  EXPECT_TRUE(parsed) << target;
  return parsed ? parsed->query : NamedValues{};
}

TEST(ParseTarget, path_is_cut_at_slashes) {
  EXPECT_EQ(segments("/v1/lists/a"), (Segments{"v1", "lists", "a"}));
  EXPECT_EQ(segments("/"), Segments{""});
  EXPECT_EQ(segments("/a/"), (Segments{"a", ""}));
}

TEST(ParseTarget, segments_are_decoded_after_the_cut) {
  EXPECT_EQ(segments("/a%2Fb/c%20d/%C3%A9"), (Segments{"a/b", "c d", "\xC3\xA9"}));
}

TEST(ParseTarget, plus_in_the_path_is_a_plus) { EXPECT_EQ(segments("/a+b"), Segments{"a+b"}); }

TEST(ParseTarget, dots_are_not_resolved) { EXPECT_EQ(segments("/a/../b"), (Segments{"a", "..", "b"})); }

TEST(ParseTarget, query_is_decoded_in_order_with_plus_as_space) {
  EXPECT_EQ(query("/x?b=1+2&a=%2B&b=%26"), (NamedValues{{"b", "1 2"}, {"a", "+"}, {"b", "&"}}));
}

TEST(ParseTarget, query_pieces_may_lack_value_or_be_empty) {
  EXPECT_EQ(query("/x?a&&b=&=c&d=e=f"), (NamedValues{{"a", ""}, {"b", ""}, {"", "c"}, {"d", "e=f"}}));
  EXPECT_EQ(query("/x?"), NamedValues{});
}

TEST(ParseTarget, path_and_query_are_told_apart_at_the_first_question_mark) {
  const auto parsed = parse_target("/a?b?c/d");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->path, "/a");
  EXPECT_EQ(parsed->query, (NamedValues{{"b?c/d", ""}}));
}

TEST(ParseTarget, characters_that_browsers_send_raw_are_taken) {
  EXPECT_EQ(query("/x?f={[a|b]}^"), (NamedValues{{"f", "{[a|b]}^"}}));
}

TEST(ParseTarget, absolute_form_is_read_without_its_authority) {
  EXPECT_EQ(segments("http://example.org:80/a/b?c=d"), (Segments{"a", "b"}));
  EXPECT_EQ(segments("HTTPS://example.org"), Segments{""});
  EXPECT_EQ(query("http://example.org?c=d"), (NamedValues{{"c", "d"}}));
}

TEST(ParseTarget, asterisk_has_no_segments) { EXPECT_TRUE(segments("*").empty()); }

class RefusedTarget : public ::testing::TestWithParam<std::string> {};

TEST_P(RefusedTarget, is_an_invalid_argument) {
  const auto parsed = parse_target(GetParam());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().reason(), Reason::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Targets, RefusedTarget,
                         ::testing::Values("", "a", "?a=b", "//%", "/%4", "/%zz", "/a?b=%", "/a?%g0=1",
                                           "/%00", "/a%00b", "/%FF", "/%C3", "/\xff", "/%ED%A0%80", "/%C0%AF",
                                           "/a?b=%FF", "/a b", "/a#b", "/a\tb", std::string("/a\0b", 4),
                                           "/a\x7f", "ftp://host/a", "host:80", "**"));

TEST(ParseTarget, query_values_may_hold_a_nul) {
  EXPECT_EQ(query("/x?a=%00"), (NamedValues{{"a", std::string(1, '\0')}}));
}

TEST(Escape, comes_back_through_parsing) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(segments("/" + escape(all)), Segments{all});
  EXPECT_EQ(query("/?" + escape(all) + "=" + escape(all)), (NamedValues{{all, all}}));
}

}  // namespace
}  // namespace slate::http
