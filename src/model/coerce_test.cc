#include "model/coerce.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace slate {
namespace {

Field field_of(Type type) {
  Field field;
  field.name = "cell";
  field.type = type;
  return field;
}
Field entry(std::string name, Type type) {
  Field field = field_of(type);
  field.name = std::move(name);
  return field;
}
Field list_of(Field element) {
  Field field = field_of(Type::kList);
  element.name.clear();
  field.items = {std::move(element)};
  return field;
}
Field address() {
  Field field = field_of(Type::kMap);
  field.fields = {entry("city", Type::kString), entry("zip", Type::kInt)};
  return field;
}

std::string refusal(Value value, const Field& field) {
  const auto result = coerce(std::move(value), field);
  if (result) return "accepted";
  EXPECT_EQ(result.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(result.error().field(), std::nullopt);
  return result.error().message();
}

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(Coerce, null_is_null_for_every_type) {
  for (const Type type : {Type::kString, Type::kInt, Type::kFloat, Type::kBool, Type::kDate})
    EXPECT_TRUE(coerce(Null(), field_of(type)).value().is_null());
  EXPECT_TRUE(coerce(Null(), list_of(field_of(Type::kInt))).value().is_null());
  EXPECT_TRUE(coerce(Null(), address()).value().is_null());
}

TEST(CoerceString, takes_valid_utf8_with_any_character) {
  const std::string text("a\0\xf0\x9f\x98\x80", 6);
  EXPECT_EQ(coerce(Value(text), field_of(Type::kString)).value(), Value(text));
}

TEST(CoerceString, refuses_invalid_utf8_and_other_kinds) {
  EXPECT_EQ(refusal("\xff", field_of(Type::kString)), "expected valid UTF-8");
  EXPECT_EQ(refusal(1, field_of(Type::kString)), "expected a string, got int");
  EXPECT_EQ(refusal(true, field_of(Type::kString)), "expected a string, got bool");
}

TEST(CoerceString, the_longest_string_is_taken_and_one_byte_more_refused) {
  EXPECT_TRUE(coerce(std::string(Limits::kStringBytes, 'a'), field_of(Type::kString)).has_value());
  EXPECT_NE(refusal(std::string(Limits::kStringBytes + 1, 'a'), field_of(Type::kString)), "accepted");
}

TEST(CoerceInt, takes_ints_whole_floats_and_digits) {
  const Field field = field_of(Type::kInt);
  EXPECT_EQ(coerce(kMin, field).value(), Value(kMin));
  EXPECT_EQ(coerce(3.0, field).value(), Value(3));
  EXPECT_EQ(coerce(-0.0, field).value(), Value(0));
  EXPECT_EQ(coerce(9007199254740991.0, field).value(), Value(std::int64_t{9007199254740991}));
  EXPECT_EQ(coerce("-42", field).value(), Value(-42));
  EXPECT_EQ(coerce("9223372036854775807", field).value(), Value(kMax));
  EXPECT_EQ(coerce("-9223372036854775808", field).value(), Value(kMin));
}

TEST(CoerceInt, narrows_nothing_silently) {
  const Field field = field_of(Type::kInt);
  EXPECT_EQ(refusal(1.5, field), "expected an int, got 1.5");
  EXPECT_EQ(refusal(1e30, field), "expected an int, got 1e+30: a float this large has lost its last digits");
  EXPECT_NE(refusal(9007199254740992.0, field), "accepted");
  EXPECT_NE(refusal(std::nan(""), field), "accepted");
  EXPECT_NE(refusal(std::numeric_limits<double>::infinity(), field), "accepted");
  EXPECT_NE(refusal("9223372036854775808", field), "accepted");
  for (const char* text : {"", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "-", "\xd9\xa1"})
    EXPECT_NE(refusal(text, field), "accepted") << text;
  EXPECT_EQ(refusal(Date{1}, field), "expected an int, got date");
  EXPECT_EQ(refusal(true, field), "expected an int, got bool");
}

TEST(CoerceFloat, takes_finite_floats_and_ints) {
  const Field field = field_of(Type::kFloat);
  EXPECT_EQ(coerce(1.5, field).value(), Value(1.5));
  EXPECT_EQ(coerce(2, field).value(), Value(2.0));
  EXPECT_EQ(coerce(std::numeric_limits<double>::denorm_min(), field).value(),
            Value(std::numeric_limits<double>::denorm_min()));
}

TEST(CoerceFloat, minus_zero_becomes_zero) {
  const Value zero = coerce(-0.0, field_of(Type::kFloat)).value();
  EXPECT_FALSE(std::signbit(*zero.get_if<double>()));
}

TEST(CoerceFloat, refuses_what_is_not_finite_and_text) {
  const Field field = field_of(Type::kFloat);
  EXPECT_EQ(refusal(std::nan(""), field), "expected a finite float, got nan");
  EXPECT_NE(refusal(-std::numeric_limits<double>::infinity(), field), "accepted");
  EXPECT_EQ(refusal("1.5", field), "expected a float, got string");
}

TEST(CoerceBool, takes_bools_only) {
  EXPECT_EQ(coerce(false, field_of(Type::kBool)).value(), Value(false));
  EXPECT_EQ(refusal(1, field_of(Type::kBool)), "expected a bool, got int");
  EXPECT_EQ(refusal("true", field_of(Type::kBool)), "expected a bool, got string");
}

TEST(CoerceDate, takes_dates_seconds_and_rfc_3339) {
  const Field field = field_of(Type::kDate);
  EXPECT_EQ(coerce(Date{5}, field).value(), Value(Date{5}));
  EXPECT_EQ(coerce(kMin, field).value(), Value(Date{kMin}));
  EXPECT_EQ(coerce("2024-05-01T12:00:00Z", field).value(), Value(Date{1714564800}));
}

TEST(CoerceDate, refuses_floats_and_other_text) {
  EXPECT_EQ(refusal(1.0, field_of(Type::kDate)), "expected a date, got float");
  EXPECT_NE(refusal("yesterday", field_of(Type::kDate)), "accepted");
}

TEST(CoerceList, goes_element_by_element) {
  const Field field = list_of(field_of(Type::kFloat));
  EXPECT_EQ(coerce(ListValue{1, 2.5}, field).value(), Value(ListValue{1.0, 2.5}));
  EXPECT_EQ(coerce(ListValue{}, field).value(), Value(ListValue{}));
  EXPECT_EQ(refusal(ListValue{1, "x"}, field), "element 1: expected a float, got string");
  EXPECT_EQ(refusal(ListValue{1, Null()}, field), "element 1: expected a value, got null");
  EXPECT_EQ(refusal("x", field), "expected a list, got string");
}

TEST(CoerceMap, goes_entry_by_entry_into_declared_order) {
  EXPECT_EQ(coerce(MapValue{{"zip", "75001"}, {"city", "Paris"}}, address()).value(),
            Value(MapValue{{"city", "Paris"}, {"zip", 75001}}));
  EXPECT_EQ(refusal(MapValue{{"zip", "x"}}, address()),
            "entry \"zip\": expected an int or a string of digits, got a string of something else");
  EXPECT_EQ(refusal(MapValue{{"street", "x"}}, address()), "unknown entry \"street\"");
  EXPECT_EQ(refusal(MapValue{{"zip", 1}, {"zip", 2}}, address()), "entry \"zip\" comes twice");
  EXPECT_EQ(refusal(ListValue{}, address()), "expected a map, got list");
}

TEST(CoerceMap, null_entries_stay_so_that_a_merge_can_remove_them) {
  EXPECT_EQ(coerce(MapValue{{"city", Null()}}, address()).value(), Value(MapValue{{"city", Null()}}));
}

TEST(CoerceMap, inside_a_list_null_entries_are_left_out) {
  const Value list(ListValue{MapValue{{"city", Null()}, {"zip", 1}}});
  EXPECT_EQ(coerce(list, list_of(address())).value(), Value(ListValue{MapValue{{"zip", 1}}}));
}

TEST(CoerceMap, a_mistake_deep_inside_is_found_by_its_place) {
  EXPECT_EQ(refusal(ListValue{MapValue{}, MapValue{{"zip", 1.5}}}, list_of(address())),
            "element 1: entry \"zip\": expected an int, got 1.5");
}

TEST(CoerceMap, a_value_nested_deeper_than_declared_is_refused_at_the_first_level) {
  Value deep(1);
  for (int i = 0; i < 1000; ++i) deep = Value(ListValue{std::move(deep)});
  EXPECT_EQ(refusal(std::move(deep), list_of(field_of(Type::kInt))), "element 0: expected an int, got list");
}

TEST(Utf8, well_formed_text_is_valid_at_every_alignment) {
  const std::string characters = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf";
  for (int before = 0; before < 20; ++before)
    EXPECT_TRUE(is_valid_utf8(std::string(before, 'x') + characters + std::string(20, 'y')));
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, malformed_text_is_found_at_every_alignment) {
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98"})
    for (int before = 0; before < 20; ++before) {
      EXPECT_FALSE(is_valid_utf8(std::string(before, 'x') + bad)) << before;
      EXPECT_FALSE(is_valid_utf8(std::string(before, 'x') + bad + std::string(20, 'y'))) << before;
    }
}

TEST(RecordId, takes_1_to_1024_bytes_of_any_character) {
  EXPECT_TRUE(validate_record_id("r1").has_value());
  EXPECT_TRUE(validate_record_id(std::string_view("a\0/\n", 4)).has_value());
  EXPECT_TRUE(validate_record_id(std::string(1024, 'x')).has_value());
}

TEST(RecordId, refuses_nothing_too_much_and_bad_bytes) {
  for (const auto& id : {std::string(), std::string(1025, 'x'), std::string("\xff")}) {
    const auto valid = validate_record_id(id);
    ASSERT_FALSE(valid.has_value());
    EXPECT_EQ(valid.error().reason(), Reason::kInvalidArgument);
  }
}

}  // namespace
}  // namespace slate
