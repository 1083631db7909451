#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "model/json.h"

namespace slate {
namespace {

namespace json = boost::json;

std::string refusal(std::string_view text) {
  const auto parsed = parse_json(text);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().reason(), Reason::kInvalidArgument);
  return parsed.error().message();
}

TEST(ParseJson, reads_every_kind) {
  const auto parsed = parse_json(R"( {"a":[null,true,1,-2,1.5,"x\n\u00e4"],"b":{}} )");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
  EXPECT_EQ(*parsed, (json::value{{"a", {nullptr, true, 1, -2, 1.5, "x\n\xc3\xa4"}}, {"b", json::object()}}));
}

TEST(ParseJson, reads_a_lone_scalar) {
  EXPECT_EQ(parse_json("42").value(), json::value(42));
  EXPECT_EQ(parse_json("\"\"").value(), json::value(""));
  EXPECT_EQ(parse_json("null").value(), json::value(nullptr));
}

TEST(ParseJson, keeps_ints_of_64_bits) {
  EXPECT_EQ(parse_json("9223372036854775807").value().as_int64(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808").value().as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_json("18446744073709551615").value().as_uint64(),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(ParseJson, reads_floats_to_the_last_digit) {
  EXPECT_EQ(parse_json("0.1").value().as_double(), 0.1);
  EXPECT_EQ(parse_json("-1.7976931348623157e308").value().as_double(), std::numeric_limits<double>::lowest());
  EXPECT_EQ(parse_json("5e-324").value().as_double(), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(parse_json("1e-400").value().as_double(), 0.0);
  EXPECT_EQ(parse_json("123456789012345678901234567890").value().as_double(),
            123456789012345678901234567890.0);
}

TEST(ParseJson, a_written_float_is_read_back_exactly) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> mantissa(-1.0, 1.0);
  std::uniform_int_distribution<int> exponent(-1020, 1020);
  for (int i = 0; i < 20000; ++i) {
    const double number = std::ldexp(mantissa(random), exponent(random));
    EXPECT_EQ(parse_json(json::serialize(json::value(number))).value().as_double(), number);
  }
}

TEST(ParseJson, says_line_and_column_of_a_mistake) {
  EXPECT_EQ(refusal("{\n  \"a\": 1,\n  \"b\": x\n}").substr(0, 33), "not valid JSON: line 3, column 8:");
  EXPECT_EQ(refusal("[\"\xc3\xa4\", x]").substr(0, 32), "not valid JSON: column 7: syntax");
}

TEST(ParseJson, refuses_text_that_ends_too_early) {
  for (const char* text : {"", " ", "{", "[1,", "\"a", "{\"a\":", "tru", "-", "1e"})
    EXPECT_NE(refusal(text).find("not valid JSON"), std::string::npos) << text;
  EXPECT_NE(refusal("[1,").find("ends too early"), std::string::npos);
}

TEST(ParseJson, refuses_what_follows_the_value) {
  EXPECT_EQ(refusal("{} {}"), "not valid JSON: column 4: something follows the value");
  EXPECT_NE(refusal("1 2"), "accepted");
  EXPECT_NE(refusal("1,"), "accepted");
}

TEST(ParseJson, refuses_what_is_not_json) {
  for (const char* text :
       {"{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "// x\n1", "01", "+1", ".5", "1.", "0x1", "NaN", "Infinity",
        "\"\t\"", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\xef\xbb\xbf{}", "\\"})
    EXPECT_NE(refusal(text), "accepted") << text;
}

TEST(ParseJson, refuses_a_member_that_comes_twice_at_any_depth) {
  EXPECT_NE(refusal(R"({"a":1,"a":2})").find("\"a\" comes twice"), std::string::npos);
  EXPECT_NE(refusal(R"([{"b":{"a":1,"\u0061":2}}])").find("\"a\" comes twice"), std::string::npos);
  EXPECT_EQ(refusal(R"([{"a":1},{"a":{"a":1}}])"), "accepted");
}

TEST(ParseJson, refuses_numbers_that_are_not_finite) {
  EXPECT_NE(refusal("1e400").find("too large"), std::string::npos);
  EXPECT_NE(refusal("[-1e309]").find("too large"), std::string::npos);
  EXPECT_NE(refusal("1e99999999999999999999"), "accepted");
}

TEST(ParseJson, refuses_invalid_utf8) {
  EXPECT_NE(refusal("\"\xff\"").find("expected valid UTF-8"), std::string::npos);
  EXPECT_NE(refusal("{\"\xc0\xaf\":1}").find("expected valid UTF-8"), std::string::npos);
}

TEST(ParseJson, nests_64_deep_and_no_deeper) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(64)), "accepted");
  EXPECT_NE(refusal(nested(65)).find("nested deeper than 64"), std::string::npos);
  EXPECT_NE(refusal(std::string(1 << 20, '[')), "accepted");
  EXPECT_NE(refusal(std::string(1 << 20, '{')), "accepted");
}

TEST(ParseJson, refuses_an_object_of_very_many_members) {
  std::string text = "{";
  for (int i = 0; i < 4096; ++i) text += '"' + std::to_string(i) + "\":0,";
  EXPECT_EQ(refusal(text.substr(0, text.size() - 1) + '}'), "accepted");
  EXPECT_NE(refusal(text + "\"x\":0}").find("4096"), std::string::npos);
}

TEST(ParseJson, refuses_more_values_than_memory_should_hold) {
  std::string text = "[1";
  for (int i = 0; i < (8 << 20); ++i) text += ",1";
  EXPECT_NE(refusal(text + ']').find("more than 8388608 values"), std::string::npos);
}

TEST(ParseJson, keeps_characters_that_come_as_escapes_and_nul) {
  EXPECT_EQ(parse_json(R"("\ud83d\ude00a\u0000b")").value().as_string(), json::string("\xf0\x9f\x98\x80"
                                                                                      "a\0b",
                                                                                      7));
}

}  // namespace
}  // namespace slate
