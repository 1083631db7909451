#include "api/render/cell_text.h"

#include <boost/json/parse.hpp>
#include <charconv>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "codec/list_cell.h"

namespace slate::api {
namespace {

std::string text_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}
std::string list_of(const ListValue& list, const Field& element, Int64Form form = Int64Form::kNumber) {
  std::string cell;
  encode_list(list, cell);
  std::string out;
  append_json_list(out, cell, element, form);
  return out;
}
std::string real_of(double number) {
  std::string out;
  append_real(out, number);
  return out;
}
std::string date_of(std::int64_t seconds) {
  std::string out;
  append_json_date(out, seconds);
  return out;
}

TEST(CellText, every_byte_that_needs_an_escape_has_one_wherever_it_stands) {
  std::string special = "\"\\";
  for (char byte = 0; byte < 0x20; ++byte) special += byte;
  for (const char byte : special) {
    for (std::size_t before = 0; before < 17; ++before) {
      for (const std::string after : {"", "x", "xyz", "xyzxyzx", "é tail of it"}) {
        const std::string text = std::string(before, 'x') + byte + after;
        const std::string written = text_of(text);
        EXPECT_EQ(std::string(boost::json::parse(written).as_string()), text) << written;
      }
    }
  }
}

TEST(CellText, quotes_and_backslashes_are_escaped_and_utf8_is_not) {
  EXPECT_EQ(text_of(""), "\"\"");
  EXPECT_EQ(text_of("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(text_of("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(text_of("日本 \U0001F600 ÿ"), "\"日本 \U0001F600 ÿ\"");
  EXPECT_EQ(text_of(std::string("nul\0in", 6)), "\"nul\\u0000in\"");
}

TEST(CellText, text_is_as_long_as_it_is_wherever_it_is_appended) {
  std::string all, expected;
  for (std::size_t size = 0; size < 200; ++size) {
    append_json_string(all, std::string(size, 'x'));
    expected += '"' + std::string(size, 'x') + '"';
    EXPECT_EQ(text_of(std::string(size, 'y')), '"' + std::string(size, 'y') + '"');
  }
  EXPECT_EQ(all, expected);
}

TEST(CellText, reals_are_the_shortest_text_that_reads_back) {
  for (const double number :
       {0.0, 0.1, 1.0 / 3, 1e300, -2.5e-300, 123456789.0, 5e-324, std::numeric_limits<double>::max()}) {
    const auto text = real_of(number);
    double read = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    EXPECT_TRUE(error == std::errc() && end == text.data() + text.size()) << text;
    EXPECT_EQ(read, number) << text;
  }
  EXPECT_EQ(real_of(0.1), "0.1");
}

TEST(CellText, dates_are_rfc3339_and_seconds_beyond_the_year_9999) {
  EXPECT_EQ(date_of(0), R"("1970-01-01T00:00:00Z")");
  EXPECT_EQ(date_of(-1), R"("1969-12-31T23:59:59Z")");
  EXPECT_EQ(date_of(253'402'300'799), R"("9999-12-31T23:59:59Z")");
  EXPECT_EQ(date_of(253'402'300'800), "253402300800");
  EXPECT_EQ(date_of(-62'167'219'201), "-62167219201");
}

TEST(CellText, times_are_rounded_down) {
  std::string out;
  append_json_time(out, 1'999);
  append_json_time(out, -1);
  EXPECT_EQ(out, R"("1970-01-01T00:00:01Z""1969-12-31T23:59:59Z")");
}

TEST(CellText, lists_of_every_element_are_arrays) {
  EXPECT_EQ(list_of({}, {.type = Type::kString}), "[]");
  EXPECT_EQ(list_of({Value("a\"b"), Value("")}, {.type = Type::kString}), R"(["a\"b",""])");
  EXPECT_EQ(list_of({Value(-1), Value(2)}, {.type = Type::kInt}), "[-1,2]");
  EXPECT_EQ(list_of({Value(0.5)}, {.type = Type::kFloat}), "[0.5]");
  EXPECT_EQ(list_of({Value(true), Value(false)}, {.type = Type::kBool}), "[true,false]");
  EXPECT_EQ(list_of({Value(Date{0})}, {.type = Type::kDate}), R"(["1970-01-01T00:00:00Z"])");
}

TEST(CellText, nested_lists_and_maps_in_lists_are_nested_json) {
  const Field list{.type = Type::kList, .items = {{.type = Type::kInt}}};
  EXPECT_EQ(list_of({Value(ListValue{Value(1)}), Value(ListValue{})}, list), "[[1],[]]");
  const Field map{.type = Type::kMap, .fields = {{.name = "n", .type = Type::kInt}}};
  EXPECT_EQ(list_of({Value(MapValue{{"n", Value(1)}}), Value(MapValue{})}, map), R"([{"n":1},{}])");
}

TEST(CellText, big_ints_are_strings_only_when_asked_for) {
  const std::int64_t big = (std::int64_t{1} << 53) + 1;
  const Field element{.type = Type::kInt};
  EXPECT_EQ(list_of({Value(big), Value(big - 1)}, element), "[9007199254740993,9007199254740992]");
  EXPECT_EQ(list_of({Value(big), Value(-big), Value(big - 1)}, element, Int64Form::kString),
            R"(["9007199254740993","-9007199254740993",9007199254740992])");
  EXPECT_EQ(list_of({Value(std::numeric_limits<std::int64_t>::min())}, element), "[-9223372036854775808]");
}

TEST(CellText, damaged_list_ends_and_crashes_nothing) {
  std::string cell;
  encode_list({Value("abc"), Value("def")}, cell);
  for (std::size_t size = 0; size < cell.size(); ++size) {
    std::string out;
    append_json_list(out, std::string_view(cell).substr(0, size), {.type = Type::kString},
                     Int64Form::kNumber);
    append_json_list(out, std::string_view(cell).substr(0, size), {.type = Type::kMap}, Int64Form::kNumber);
    EXPECT_TRUE(out.starts_with('[')) << out;
  }
}

}  // namespace
}  // namespace slate::api
