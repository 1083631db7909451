#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/json.h"
#include "model/testing/refusal.h"

namespace slate {
namespace {

namespace json = boost::json;

Result<Filter> read(std::string_view text) { return filter_from_json(parse_json(text).value()); }
Result<std::vector<SortKey>> read_keys(std::string_view text) {
  return sort_from_json(parse_json(text).value());
}

class RefusedFilter : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedFilter, names_its_place) {
  const auto filter = read(GetParam().text);
  ASSERT_FALSE(filter.has_value());
  expect_refusal(filter.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    FilterJson, RefusedFilter,
    testing::Values(
        Refusal{"string", R"("a")", "", "expected a condition or a group of conditions, got a string"},
        Refusal{"array", R"([])", "", "got an array"},  //
        Refusal{"empty", R"({})", "", "expected a condition or a group of conditions, got an empty object"},
        Refusal{"no_value", R"({"field":"a"})", "value", "is missing"},
        Refusal{"no_field", R"({"op":"eq","value":1})", "field", "is missing"},
        Refusal{"empty_field", R"({"field":"","value":1})", "field", "empty"},
        Refusal{"field_kind", R"({"field":1,"value":1})", "field", "expected a string, got an int"},
        Refusal{"op_unknown", R"({"field":"a","op":"like","value":1})", "op", "unknown operator \"like\""},
        Refusal{"op_kind", R"({"field":"a","op":1,"value":1})", "op", "expected a string"},
        Refusal{"member", R"({"field":"a","op":"eq","valu":1})", "valu", "unknown member"},
        Refusal{"null", R"({"field":"a","value":null})", "value", "null"},
        Refusal{"object_value", R"({"field":"a","value":{}})", "value",
                "expected a single value, got an object"},
        Refusal{"array_value", R"({"field":"a","value":[1]})", "value", "got an array"},
        Refusal{"in_scalar", R"({"field":"a","op":"in","value":1})", "value",
                "expected an array, got an int"},
        Refusal{"in_null", R"({"field":"a","op":"in","value":[1,null]})", "value[1]", "null"},
        Refusal{"in_array", R"({"field":"a","op":"nin","value":[[1]]})", "value[0]", "single value"},
        Refusal{"between_one", R"({"field":"a","op":"between","value":[1]})", "value",
                "expected two values, got 1"},
        Refusal{"between_three", R"({"field":"a","op":"between","value":[1,2,3]})", "value", "got 3"},
        Refusal{"isnull_int", R"({"field":"a","op":"isnull","value":1})", "value", "expected true or false"},
        Refusal{"empty_string", R"({"field":"a","op":"empty","value":"true"})", "value",
                "expected true or false"},
        Refusal{"two_groups", R"({"and":[],"or":[]})", "", "one member only"},
        Refusal{"group_and_field", R"({"and":[],"field":"a"})", "", "one member only"},
        Refusal{"and_object", R"({"and":{}})", "and", "expected an array, got an object"},
        Refusal{"not_array", R"({"not":[]})", "not", "got an array"},
        Refusal{"deep",
                R"({"and":[{"field":"a","value":1},{"or":[{"not":{"field":"b","op":"x","value":1}}]}]})",
                "and[1].or[0].not.op", "unknown operator"}),
    row_name);

TEST(FilterJson, a_condition_has_field_op_and_value) {
  EXPECT_EQ(read(R"({"field":"status","op":"ne","value":"active"})").value(),
            Filter::condition("status", Op::kNe, Value("active")));
}

TEST(FilterJson, without_op_it_is_equality) {
  EXPECT_EQ(read(R"({"field":"n","value":1})").value(), Filter::condition("n", Op::kEq, Value(1)));
}

TEST(FilterJson, every_operator_is_read) {
  for (int i = 0; i <= static_cast<int>(Op::kEmpty); ++i) {
    const auto op = static_cast<Op>(i);
    const char* value = "1";
    if (op == Op::kIn || op == Op::kNin || op == Op::kBetween) value = "[1,2]";
    if (op == Op::kIsnull || op == Op::kEmpty) value = "true";
    const auto filter = read(fmt::format(R"({{"field":"a","op":"{}","value":{}}})", op_name(op), value));
    ASSERT_TRUE(filter.has_value()) << filter.error().to_string();
    EXPECT_EQ(filter->op, op);
  }
}

TEST(FilterJson, a_near_miss_of_an_operator_is_hinted_at) {
  EXPECT_EQ(read(R"({"field":"a","op":"starts_with","value":"x"})").error().hint(),
            "did you mean \"startswith\"?");
  EXPECT_NE(read(R"({"field":"a","op":"~","value":"x"})").error().hint().value().find("icontains"),
            std::string::npos);
}

TEST(FilterJson, in_takes_any_number_of_values_up_to_the_limit) {
  const auto with = [](std::size_t count) {
    std::string values;
    for (std::size_t i = 0; i < count; ++i) values += (i ? ",1" : "1");
    return read(fmt::format(R"({{"field":"a","op":"in","value":[{}]}})", values));
  };
  EXPECT_EQ(with(0).value().values.size(), 0u);
  EXPECT_EQ(with(1000).value().values.size(), 1000u);
  EXPECT_EQ(with(1001).error().field(), "value");
}

TEST(FilterJson, groups_nest_8_deep_and_no_deeper) {
  const auto nested = [](int depth) {
    std::string text = R"({"field":"a","value":1})";
    for (int i = 0; i < depth; ++i) text = R"({"and":[)" + text + "]}";
    return read(text);
  };
  EXPECT_TRUE(nested(8).has_value());
  EXPECT_EQ(nested(9).error().field(), "and[0].and[0].and[0].and[0].and[0].and[0].and[0].and[0]");
  EXPECT_FALSE(nested(30).has_value());
}

TEST(FilterJson, conditions_are_limited_over_the_whole_filter) {
  const auto with = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += R"(,{"not":{"field":"a","value":1}})";
    return read(R"({"and":[{"or":[]})" + text + "]}");
  };
  EXPECT_TRUE(with(128).has_value());
  EXPECT_EQ(with(129).error().field(), "and[129].not");
}

TEST(FilterJson, what_is_written_is_read_back) {
  const Filter filter = Filter::all_of(
      {Filter::condition("status", Op::kEq, Value("active")),
       Filter::any_of({Filter::condition("n", Op::kBetween, std::vector<Value>{1, 2.5}),
                       Filter::condition("country", Op::kIn, std::vector<Value>{"FR", "DE"}),
                       Filter::condition("tags", Op::kNin, std::vector<Value>{})}),
       Filter::negation(Filter::condition("closed", Op::kIsnull, Value(true))), Filter::any_of({})});
  EXPECT_EQ(read(json::serialize(to_json(filter))).value(), filter);
}

TEST(FilterJson, a_date_is_written_as_text_that_its_field_reads) {
  EXPECT_EQ(json::serialize(to_json(Filter::condition("d", Op::kGt, Value(Date{0})))),
            R"({"field":"d","op":"gt","value":"1970-01-01T00:00:00Z"})");
}

class RefusedSort : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedSort, names_its_place) {
  const auto sort = read_keys(GetParam().text);
  ASSERT_FALSE(sort.has_value());
  expect_refusal(sort.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    SortJson, RefusedSort,
    testing::Values(Refusal{"object", R"({"field":"a"})", "", "expected an array, got an object"},
                    Refusal{"string", R"("a")", "", "expected an array, got a string"},
                    Refusal{"number", R"(["a",1])", "[1]", "expected an object, got an int"},
                    Refusal{"dash", R"(["-"])", "[0]", "name of a field"},
                    Refusal{"empty", R"([{"field":""}])", "[0].field", "name of a field"},
                    Refusal{"no_field", R"([{"direction":"asc"}])", "[0].field", "is missing"},
                    Refusal{"direction", R"([{"field":"a","direction":"down"}])", "[0].direction",
                            "expected asc or desc, got \"down\""},
                    Refusal{"nulls", R"([{"field":"a","nulls":true}])", "[0].nulls", "expected a string"},
                    Refusal{"member", R"([{"field":"a","dir":"asc"}])", "[0].dir", "unknown member"},
                    Refusal{"seventeen",
                            R"(["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"])", "",
                            "at most 16"}),
    row_name);

TEST(SortJson, short_and_long_forms_mean_the_same) {
  EXPECT_EQ(
      read_keys(R"(["-n","name"])").value(),
      read_keys(R"([{"field":"n","direction":"desc"},{"field":"name","direction":"asc","nulls":"last"}])")
          .value());
}

TEST(SortJson, what_is_written_is_read_back) {
  const std::vector<SortKey> sort{
      {"n", Direction::kDescending, Nulls::kFirst}, {"name"}, {"_id", Direction::kDescending}};
  EXPECT_EQ(read_keys(json::serialize(to_json(sort))).value(), sort);
  EXPECT_EQ(json::serialize(to_json(std::vector<SortKey>{{"name"}})), R"([{"field":"name"}])");
}

}  // namespace
}  // namespace slate
