#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <limits>

#include "model/json.h"

namespace slate {
namespace {

namespace json = boost::json;

Value read(std::string_view text) { return value_from_json(parse_json(text).value()); }

TEST(ValueJson, kinds_of_json_become_kinds_of_values) {
  EXPECT_EQ(read("null"), Value());
  EXPECT_EQ(read("true"), Value(true));
  EXPECT_EQ(read("7"), Value(7));
  EXPECT_EQ(read("7.0"), Value(7.0));
  EXPECT_EQ(read("\"7\""), Value("7"));
  EXPECT_EQ(read(R"([1,[null]])"), Value(ListValue{1, Value(ListValue{Value()})}));
  EXPECT_EQ(read(R"({"b":1,"a":{"c":"x"}})"), Value(MapValue{{"b", 1}, {"a", MapValue{{"c", "x"}}}}));
}

TEST(ValueJson, an_int_beyond_64_bits_becomes_a_float) {
  EXPECT_EQ(read("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(read("9223372036854775808"), Value(9223372036854775808.0));
}

TEST(ValueJson, what_is_written_is_read_back) {
  const Value value(MapValue{{"s", "a\"\\\n\xc3\xa4"},
                             {"i", std::numeric_limits<std::int64_t>::min()},
                             {"f", 0.1},
                             {"whole", 3.0},
                             {"b", false},
                             {"n", Null()},
                             {"l", ListValue{1, "x", ListValue{}}},
                             {"m", MapValue{}}});
  EXPECT_EQ(read(json::serialize(to_json(value))), value);
}

TEST(ValueJson, dates_are_written_as_rfc_3339) {
  EXPECT_EQ(to_json(Value(Date{0})), json::value("1970-01-01T00:00:00Z"));
  EXPECT_EQ(to_json(Value(Date{253'402'300'799})), json::value("9999-12-31T23:59:59Z"));
  EXPECT_EQ(to_json(Value(Date{253'402'300'800})), json::value(253'402'300'800))
      << "seconds, which are read as a date";
}

TEST(ValueJson, what_json_has_no_number_for_is_written_as_null) {
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::quiet_NaN())), json::value(nullptr));
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), json::value(nullptr));
}

TEST(CellsJson, are_the_members_but_the_record_id) {
  const auto cells =
      cells_from_json(parse_json(R"({"_id":"r1","name":"Acme","count":null})").value().as_object());
  ASSERT_TRUE(cells.has_value());
  ASSERT_EQ(cells->size(), 2u);
  EXPECT_EQ((*cells)[0], (std::pair<std::string, Value>("name", "Acme")));
  EXPECT_EQ((*cells)[1], (std::pair<std::string, Value>("count", Null())));
}

}  // namespace
}  // namespace slate
