#include <boost/json/value.hpp>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/json.h"
#include "query/bound_query.h"
#include "query/bound_text.h"
#include "query/limits.h"
#include "query/testing/example_schema.h"

namespace slate {
namespace {

constexpr auto kLeastInt = std::numeric_limits<std::int64_t>::min();
constexpr auto kMostInt = std::numeric_limits<std::int64_t>::max();

// The bound filter as text, or the error as text.
std::string outcome(const std::optional<Filter>& filter) {
  static const Schema schema = example_schema();
  const auto bound = bind_filter(filter, schema);
  return bound ? bound_text(*bound, schema) : bound.error().to_string();
}

std::string json_outcome(const std::string& text) {
  const auto json = parse_json(text);
  if (!json) return "json: " + json.error().to_string();
  const auto filter = filter_from_json(*json);
  if (!filter) return "filter: " + filter.error().to_string();
  return outcome(*filter);
}

std::string text_outcome(std::string field, Op op, std::string text) {
  auto filter = Filter::condition(std::move(field), op, Value(std::move(text)));
  filter.values[0].is_text = true;
  return outcome(filter);
}

struct Case {
  const char* filter;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.filter; }

class BindJson : public testing::TestWithParam<Case> {};
TEST_P(BindJson, gives) { EXPECT_EQ(json_outcome(GetParam().filter), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Operators, BindJson,
    testing::Values(
        Case{R"({"field":"status","op":"eq","value":"active"})", "status = 'active'"},
        Case{R"({"field":"status","op":"ne","value":"active"})", "not(status = 'active')"},
        Case{R"({"field":"status","op":"gt","value":"a"})", "status ('a', )"},
        Case{R"({"field":"status","op":"gte","value":"a"})", "status ['a', )"},
        Case{R"({"field":"status","op":"lt","value":"a"})", "status (, 'a')"},
        Case{R"({"field":"status","op":"lte","value":"a"})", "status (, 'a']"},
        Case{R"({"field":"status","op":"lt","value":""})", "false"},
        Case{R"({"field":"status","op":"lte","value":""})", "status (, '']"},
        Case{R"({"field":"status","op":"between","value":["a","b"]})", "status ['a', 'b']"},
        Case{R"({"field":"status","op":"between","value":["b","a"]})", "false"},
        Case{R"({"field":"status","op":"between","value":["a","a"]})", "status = 'a'"},
        Case{R"({"field":"status","op":"in","value":["b","a","b"]})", "status in {'a', 'b'}"},
        Case{R"({"field":"status","op":"in","value":["a","a"]})", "status = 'a'"},
        Case{R"({"field":"status","op":"in","value":[]})", "false"},
        Case{R"({"field":"status","op":"nin","value":[]})", "true"},
        Case{R"({"field":"status","op":"nin","value":["b","a"]})", "not(status in {'a', 'b'})"},
        Case{R"({"field":"status","op":"icontains","value":"ÄB"})", "status folded contains 'äb'"},
        Case{R"({"field":"status","op":"istartswith","value":"AB"})", "status folded startswith 'ab'"},
        Case{R"({"field":"status","op":"iendswith","value":"AB"})", "status folded endswith 'ab'"},
        Case{R"({"field":"status","op":"ieq","value":"AB"})", "status folded equals 'ab'"},
        Case{R"({"field":"status","op":"contains","value":"AB"})", "status contains 'AB'"},
        Case{R"({"field":"status","op":"startswith","value":"AB"})", "status startswith 'AB'"},
        Case{R"({"field":"status","op":"endswith","value":"AB"})", "status endswith 'AB'"},
        Case{R"({"field":"status","op":"isnull","value":true})", "status isnull"},
        Case{R"({"field":"status","op":"isnull","value":false})", "not(status isnull)"},
        Case{R"({"field":"status","op":"empty","value":true})", "status empty"},
        Case{R"({"field":"status","op":"empty","value":false})", "not(status empty)"},
        Case{R"({"field":"address.city","op":"eq","value":"Paris"})", "address.city = 'Paris'"},
        Case{R"({"field":"_id","op":"startswith","value":"r1"})", "_id startswith 'r1'"},
        Case{R"({"field":"_id","op":"isnull","value":true})", "false"},
        Case{R"({"field":"_id","op":"isnull","value":false})", "true"},
        Case{R"({"field":"_id","op":"empty","value":true})", "false"},
        Case{R"({"field":"is_open","op":"eq","value":true})", "is_open = 1"},
        Case{R"({"field":"is_open","op":"in","value":[true,false]})", "is_open in {0, 1}"},
        Case{R"({"field":"closed_at","op":"eq","value":"1970-01-02"})", "closed_at = 86400"},
        Case{R"({"field":"closed_at","op":"gte","value":"1970-01-01T01:00:00+01:00"})", "closed_at [0, )"},
        Case{R"({"field":"closed_at","op":"lt","value":-5})", "closed_at (, -5)"},
        Case{R"({"field":"tags","op":"eq","value":"a"})", "tags = 'a'"},
        Case{R"({"field":"tags","op":"nin","value":["b","a"]})", "not(tags in {'a', 'b'})"},
        Case{R"({"field":"tags","op":"icontains","value":"A"})", "tags folded contains 'a'"},
        Case{R"({"field":"tags","op":"empty","value":true})", "tags empty"},
        Case{R"({"field":"ranks","op":"eq","value":3})", "ranks = 3"},
        Case{R"({"field":"ranks","op":"isnull","value":true})", "ranks isnull"},
        Case{R"({"field":"people","op":"empty","value":true})", "people empty"},
        Case{R"({"field":"grid","op":"isnull","value":false})", "not(grid isnull)"}));

INSTANTIATE_TEST_SUITE_P(
    NumbersByValue, BindJson,
    testing::Values(
        Case{R"({"field":"contacts_count","op":"gt","value":1.5})", "contacts_count [2, )"},
        Case{R"({"field":"contacts_count","op":"gte","value":1.5})", "contacts_count [2, )"},
        Case{R"({"field":"contacts_count","op":"lt","value":1.5})", "contacts_count (, 2)"},
        Case{R"({"field":"contacts_count","op":"lte","value":1.5})", "contacts_count (, 2)"},
        Case{R"({"field":"contacts_count","op":"gt","value":-1.5})", "contacts_count [-1, )"},
        Case{R"({"field":"contacts_count","op":"lt","value":-1.5})", "contacts_count (, -1)"},
        Case{R"({"field":"contacts_count","op":"eq","value":1.5})", "false"},
        Case{R"({"field":"contacts_count","op":"ne","value":1.5})", "true"},
        Case{R"({"field":"contacts_count","op":"in","value":[1.5,2,2.0]})", "contacts_count = 2"},
        Case{R"({"field":"contacts_count","op":"eq","value":2.0})", "contacts_count = 2"},
        Case{R"({"field":"contacts_count","op":"between","value":[1.2,1.8]})", "false"},
        Case{R"({"field":"contacts_count","op":"between","value":[0.5,2.5]})", "contacts_count [1, 3)"},
        Case{R"({"field":"contacts_count","op":"between","value":[1.5,2]})", "contacts_count = 2"},
        Case{R"({"field":"contacts_count","op":"gt","value":1e30})", "false"},
        Case{R"({"field":"contacts_count","op":"lt","value":1e30})",
             "contacts_count (, 9223372036854775807]"},
        Case{R"({"field":"contacts_count","op":"gt","value":-1e30})",
             "contacts_count [-9223372036854775808, )"},
        Case{R"({"field":"contacts_count","op":"lte","value":-1e30})", "false"},
        Case{R"({"field":"contacts_count","op":"eq","value":18446744073709551615})", "false"},
        Case{R"({"field":"contacts_count","op":"gt","value":9223372036854775807})", "false"},
        Case{R"({"field":"contacts_count","op":"lt","value":-9223372036854775808})", "false"},
        Case{R"({"field":"contacts_count","op":"eq","value":"-42"})", "contacts_count = -42"},
        Case{R"({"field":"contacts_count","op":"eq","value":"9223372036854775807"})",
             "contacts_count = 9223372036854775807"},
        Case{R"({"field":"contacts_count","op":"eq","value":"9223372036854775808"})", "false"},
        Case{R"({"field":"contacts_count","op":"gte","value":"-9223372036854775809"})",
             "contacts_count [-9223372036854775808, )"},
        Case{R"({"field":"revenue","op":"eq","value":3})", "revenue = 3f"},
        Case{R"({"field":"revenue","op":"eq","value":-0.0})", "revenue = 0f"},
        Case{R"({"field":"revenue","op":"gt","value":1.5})", "revenue (1.5f, )"},
        // 2^53 + 1 lies between two doubles, nearer to the even one below.
        Case{R"({"field":"revenue","op":"eq","value":9007199254740993})", "false"},
        Case{R"({"field":"revenue","op":"in","value":[9007199254740993,1]})", "revenue = 1f"},
        Case{R"({"field":"revenue","op":"gt","value":9007199254740993})", "revenue (9007199254740992f, )"},
        Case{R"({"field":"revenue","op":"gte","value":9007199254740993})", "revenue (9007199254740992f, )"},
        Case{R"({"field":"revenue","op":"lt","value":9007199254740993})", "revenue (, 9007199254740992f]"},
        Case{R"({"field":"revenue","op":"lte","value":9007199254740993})", "revenue (, 9007199254740992f]"},
        // 2^53 + 3 is nearer to the one above.
        Case{R"({"field":"revenue","op":"gt","value":9007199254740995})", "revenue [9007199254740996f, )"},
        Case{R"({"field":"revenue","op":"lte","value":9007199254740995})", "revenue (, 9007199254740996f)"},
        Case{R"({"field":"revenue","op":"between","value":[9007199254740993,9007199254740993]})", "false"},
        Case{R"({"field":"revenue","op":"gt","value":9223372036854775807})",
             "revenue [9.223372036854776e+18f, )"},
        Case{R"({"field":"revenue","op":"eq","value":9223372036854775807})", "false"},
        Case{R"({"field":"revenue","op":"eq","value":-9223372036854775808})",
             "revenue = -9.223372036854776e+18f"}));

INSTANTIATE_TEST_SUITE_P(
    Simplified, BindJson,
    testing::Values(
        Case{R"({"and":[]})", "true"}, Case{R"({"or":[]})", "false"}, Case{R"({"not":{"and":[]}})", "false"},
        Case{R"({"and":[{"field":"name","op":"eq","value":"x"}]})", "name = 'x'"},
        Case{
            R"({"and":[{"field":"name","op":"eq","value":"x"},{"and":[{"field":"status","op":"eq","value":"y"},
             {"field":"status","op":"isnull","value":true}]}]})",
            "and(name = 'x', status = 'y', status isnull)"},
        Case{R"({"or":[{"field":"name","op":"eq","value":"x"},{"field":"status","op":"in","value":[]}]})",
             "name = 'x'"},
        Case{R"({"and":[{"field":"name","op":"eq","value":"x"},{"field":"status","op":"in","value":[]}]})",
             "false"},
        Case{R"({"not":{"field":"name","op":"ne","value":"x"}})", "name = 'x'"},
        Case{R"({"not":{"not":{"field":"name","op":"eq","value":"x"}}})", "name = 'x'"},
        Case{
            R"({"not":{"or":[{"field":"name","op":"eq","value":"x"},{"field":"name","op":"ne","value":"y"}]}})",
            "not(or(name = 'x', not(name = 'y')))"}));

INSTANTIATE_TEST_SUITE_P(
    Refusals, BindJson,
    testing::Values(
        Case{R"({"field":"statsu","op":"eq","value":"x"})",
             R"(invalid_argument: statsu: there is no field "statsu" (hint: did you mean "status"?))"},
        Case{R"({"field":"zzz","op":"eq","value":"x"})", R"(invalid_argument: zzz: there is no field "zzz")"},
        Case{
            R"({"field":"address","op":"eq","value":"x"})",
            R"(invalid_argument: address: "address" is a map: name one of the fields inside it (hint: address.city, address.zip))"},
        Case{
            R"({"field":"address","op":"isnull","value":true})",
            R"(invalid_argument: address: "address" is a map: name one of the fields inside it (hint: address.city, address.zip))"},
        Case{R"({"field":"people.name","op":"eq","value":"x"})",
             R"(invalid_argument: people.name: there is no field "people.name")"},
        Case{R"({"field":"address.","op":"eq","value":"x"})",
             R"(invalid_argument: address.: there is no field "address.")"},
        // An error inside a constant group is an error all the same.
        Case{
            R"({"and":[{"field":"name","op":"in","value":[]},{"field":"contacts_count","op":"eq","value":"x"}]})",
            "invalid_argument: contacts_count: expected an int, got a string"},
        Case{R"({"field":"contacts_count","op":"eq","value":"12x"})",
             "invalid_argument: contacts_count: expected an int, got a string"},
        Case{R"({"field":"contacts_count","op":"eq","value":""})",
             "invalid_argument: contacts_count: expected an int, got a string"},
        Case{R"({"field":"contacts_count","op":"eq","value":"-"})",
             "invalid_argument: contacts_count: expected an int, got a string"},
        Case{R"({"field":"contacts_count","op":"eq","value":true})",
             "invalid_argument: contacts_count: expected an int, got a bool"},
        Case{R"({"field":"status","op":"eq","value":5})",
             "invalid_argument: status: expected a string, got an int"},
        Case{R"({"field":"status","op":"in","value":["a",1.5]})",
             "invalid_argument: status: expected a string, got a float"},
        Case{R"({"field":"revenue","op":"eq","value":"1.5"})",
             "invalid_argument: revenue: expected a float, got a string"},
        Case{R"({"field":"is_open","op":"eq","value":"true"})",
             "invalid_argument: is_open: expected a bool, got a string"},
        Case{R"({"field":"is_open","op":"eq","value":1})",
             "invalid_argument: is_open: expected a bool, got an int"},
        Case{
            R"({"field":"is_open","op":"gt","value":false})",
            R"(invalid_argument: is_open: operator "gt" does not fit a bool (hint: operators that fit: eq ne in nin isnull))"},
        Case{R"({"field":"closed_at","op":"eq","value":1.5})",
             "invalid_argument: closed_at: expected a date (RFC 3339 or seconds), got a float"},
        Case{R"({"field":"closed_at","op":"eq","value":"2024-02-30"})",
             R"(invalid_argument: closed_at: expected a date (RFC 3339 or seconds), got "2024-02-30")"},
        Case{
            R"({"field":"contacts_count","op":"icontains","value":"1"})",
            R"(invalid_argument: contacts_count: operator "icontains" does not fit an int (hint: operators that fit: eq ne gt gte lt lte between in nin isnull))"},
        Case{
            R"({"field":"contacts_count","op":"empty","value":true})",
            R"(invalid_argument: contacts_count: operator "empty" does not fit an int (hint: operators that fit: eq ne gt gte lt lte between in nin isnull))"},
        Case{
            R"({"field":"tags","op":"gt","value":"a"})",
            R"(invalid_argument: tags: operator "gt" does not fit a list of type string (hint: operators that fit: eq ne in nin icontains istartswith iendswith ieq contains startswith endswith isnull empty))"},
        Case{
            R"({"field":"ranks","op":"contains","value":"a"})",
            R"(invalid_argument: ranks: operator "contains" does not fit a list of type int (hint: operators that fit: eq ne in nin isnull empty))"},
        Case{
            R"({"field":"people","op":"eq","value":"a"})",
            R"(invalid_argument: people: operator "eq" does not fit a list of type map (hint: operators that fit: isnull empty))"},
        Case{
            R"({"field":"grid","op":"eq","value":1})",
            R"(invalid_argument: grid: operator "eq" does not fit a list of type list (hint: operators that fit: isnull empty))"}));

// What JSON cannot say but C++ can.
TEST(BindFilter, an_absent_filter_is_true) { EXPECT_EQ(outcome(std::nullopt), "true"); }

TEST(BindFilter, null_is_refused_with_a_hint) {
  EXPECT_EQ(
      outcome(Filter::condition("status", Op::kEq, Value())),
      R"(invalid_argument: status: expected a string, got null (hint: null is asked for with the operator "isnull"))");
  EXPECT_EQ(
      outcome(Filter::condition("status", Op::kIn, std::vector<Value>{"a", Value()})),
      R"(invalid_argument: status: expected a string, got null (hint: null is asked for with the operator "isnull"))");
}

TEST(BindFilter, numbers_that_are_not_finite_are_refused) {
  for (const char* field : {"contacts_count", "revenue"}) {
    const std::string start = std::string("invalid_argument: ") + field + ": expected a finite number, got ";
    EXPECT_EQ(outcome(Filter::condition(field, Op::kEq, Value(std::nan("")))), start + "nan");
    EXPECT_EQ(outcome(Filter::condition(field, Op::kLt, Value(HUGE_VAL))), start + "inf");
    EXPECT_EQ(outcome(Filter::condition(field, Op::kGt, Value(-HUGE_VAL))), start + "-inf");
  }
}

TEST(BindFilter, a_date_is_taken_for_a_date_only) {
  EXPECT_EQ(outcome(Filter::condition("closed_at", Op::kEq, Value(Date{.seconds = 7}))), "closed_at = 7");
  EXPECT_EQ(outcome(Filter::condition("contacts_count", Op::kEq, Value(Date{.seconds = 7}))),
            "invalid_argument: contacts_count: expected an int, got a date");
}

TEST(BindFilter, the_number_of_values_must_fit_the_operator) {
  EXPECT_EQ(outcome(Filter::condition("status", Op::kEq, std::vector<Value>{})),
            R"(invalid_argument: status: "eq" takes one value, got 0)");
  EXPECT_EQ(outcome(Filter::condition("status", Op::kIsnull, std::vector<Value>{true, true})),
            R"(invalid_argument: status: "isnull" takes one value, got 2)");
  EXPECT_EQ(outcome(Filter::condition("status", Op::kBetween, std::vector<Value>{"a"})),
            R"(invalid_argument: status: "between" takes two values, got 1)");
}

TEST(BindFilter, isnull_takes_a_truth_only) {
  EXPECT_EQ(outcome(Filter::condition("status", Op::kIsnull, Value("true"))),
            "invalid_argument: status: expected true or false, got a string");
  EXPECT_EQ(text_outcome("status", Op::kIsnull, "true"), "status isnull");
  EXPECT_EQ(text_outcome("status", Op::kIsnull, "yes"),
            R"(invalid_argument: status: expected true or false, got "yes")");
}

TEST(BindFilter, lists_and_maps_are_no_constants) {
  EXPECT_EQ(outcome(Filter::condition("tags", Op::kEq, Value(ListValue{"a"}))),
            "invalid_argument: tags: expected a string, got a list");
  EXPECT_EQ(outcome(Filter::condition("status", Op::kEq, Value(MapValue{}))),
            "invalid_argument: status: expected a string, got a map");
}

TEST(BindFilter, not_takes_exactly_one_filter) {
  Filter filter;
  filter.kind = Filter::Kind::kNot;
  EXPECT_EQ(outcome(filter), R"(invalid_argument: filter: "not" takes exactly one filter, got 0)");
}

TEST(BindFilter, strings_that_are_not_utf8_are_refused) {
  EXPECT_EQ(outcome(Filter::condition("status", Op::kEq, Value("a\xFF"))),
            R"(invalid_argument: status: expected valid UTF-8, got "a?")");
  EXPECT_EQ(outcome(Filter::condition("st\xFF", Op::kEq, Value("a"))),
            R"(invalid_argument: st?: there is no field "st?")");
}

TEST(BindFilter, a_field_of_a_megabyte_is_cut_off_in_the_error) {
  const auto text = outcome(Filter::condition(std::string(1 << 20, 'x'), Op::kEq, Value("a")));
  EXPECT_LT(text.size(), 256u);
}

TEST(BindFilter, in_takes_a_thousand_values_and_no_more) {
  std::vector<Value> values;
  for (int i = 0; i < 1000; ++i) values.emplace_back(i);
  const auto bound = bind_filter(Filter::condition("contacts_count", Op::kIn, values), example_schema());
  ASSERT_TRUE(bound) << bound.error().to_string();
  EXPECT_EQ(bound->values.size(), 1000u);
  values.emplace_back(1000);
  EXPECT_EQ(outcome(Filter::condition("contacts_count", Op::kIn, values)),
            R"(invalid_argument: contacts_count: "in" takes at most 1000 values, got 1001)");
}

TEST(BindFilter, a_list_and_a_request_fit_together_and_no_more) {
  const std::vector<Filter> full(kBoundConditions, Filter::condition("status", Op::kEq, Value("a")));
  EXPECT_TRUE(bind_filter(Filter::all_of(full), example_schema()));
  auto more = full;
  more.push_back(full.front());
  EXPECT_EQ(outcome(Filter::all_of(more)), "invalid_argument: filter: a filter has at most 256 conditions");
}

Filter nested(std::size_t groups) {
  auto filter = Filter::condition("status", Op::kEq, Value("a"));
  for (std::size_t i = 0; i < groups; ++i) filter = Filter::negation(std::move(filter));
  return filter;
}

TEST(BindFilter, nesting_is_limited) {
  EXPECT_EQ(outcome(nested(8)), "status = 'a'");
  EXPECT_EQ(outcome(nested(9)), "not(status = 'a')");
  EXPECT_EQ(outcome(nested(10)), "invalid_argument: filter: a filter has at most 9 groups within each other");
}

TEST(BindFilter, groups_of_nothing_are_limited_too) {
  const std::vector<Filter> empty(kBoundGroups, Filter::all_of({}));
  EXPECT_EQ(outcome(Filter::all_of(empty)), "invalid_argument: filter: a filter has at most 2304 groups");
}

struct TextCase {
  const char* field;
  Op op;
  const char* text;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const TextCase& c) {
  return out << c.field << ' ' << op_name(c.op) << ' ' << c.text;
}

class BindText : public testing::TestWithParam<TextCase> {};
TEST_P(BindText, gives) {
  const auto& [field, op, text, expected] = GetParam();
  EXPECT_EQ(text_outcome(field, op, text), expected);
}
INSTANTIATE_TEST_SUITE_P(
    Types, BindText,
    testing::Values(
        TextCase{"status", Op::kEq, "12", "status = '12'"}, TextCase{"status", Op::kEq, "", "status = ''"},
        TextCase{"contacts_count", Op::kEq, "12", "contacts_count = 12"},
        TextCase{"contacts_count", Op::kGt, "1.5", "contacts_count [2, )"},
        TextCase{"contacts_count", Op::kEq, "1e3", "contacts_count = 1000"},
        TextCase{"contacts_count", Op::kGt, "99999999999999999999", "false"},
        TextCase{"contacts_count", Op::kGte, "-99999999999999999999",
                 "contacts_count [-9223372036854775808, )"},
        TextCase{"contacts_count", Op::kEq, "x",
                 R"(invalid_argument: contacts_count: expected an int, got "x")"},
        TextCase{"contacts_count", Op::kEq, "",
                 R"(invalid_argument: contacts_count: expected an int, got "")"},
        TextCase{"contacts_count", Op::kEq, " 1",
                 R"(invalid_argument: contacts_count: expected an int, got " 1")"},
        TextCase{"contacts_count", Op::kEq, "1 ",
                 R"(invalid_argument: contacts_count: expected an int, got "1 ")"},
        TextCase{"contacts_count", Op::kEq, "+1",
                 R"(invalid_argument: contacts_count: expected an int, got "+1")"},
        TextCase{"contacts_count", Op::kEq, "0x10",
                 R"(invalid_argument: contacts_count: expected an int, got "0x10")"},
        TextCase{"contacts_count", Op::kEq, "inf",
                 R"(invalid_argument: contacts_count: expected an int, got "inf")"},
        TextCase{"revenue", Op::kEq, "nan", R"(invalid_argument: revenue: expected a float, got "nan")"},
        TextCase{"revenue", Op::kEq, "1e999",
                 R"(invalid_argument: revenue: "1e999" is beyond the range of a float)"},
        TextCase{"revenue", Op::kEq, "-1.25", "revenue = -1.25f"},
        TextCase{"revenue", Op::kEq, "-0", "revenue = 0f"},
        TextCase{"revenue", Op::kGt, "9007199254740993", "revenue (9007199254740992f, )"},
        TextCase{"revenue", Op::kGt, "18446744073709551616", "revenue (1.8446744073709552e+19f, )"},
        TextCase{"is_open", Op::kEq, "false", "is_open = 0"},
        TextCase{"is_open", Op::kEq, "True", R"(invalid_argument: is_open: expected a bool, got "True")"},
        TextCase{"closed_at", Op::kGte, "1970-01-01T00:00:01Z", "closed_at [1, )"},
        TextCase{"closed_at", Op::kGte, "-86400", "closed_at [-86400, )"},
        TextCase{"closed_at", Op::kGte, "tomorrow",
                 R"(invalid_argument: closed_at: expected a date (RFC 3339 or seconds), got "tomorrow")"},
        TextCase{
            "closed_at", Op::kGte, "2024-05-01T12:00:00 02:00",
            R"(invalid_argument: closed_at: expected a date (RFC 3339 or seconds), got "2024-05-01T12:00:00 02:00" (hint: in a URL the + of an offset is written %2B))"},
        TextCase{"ranks", Op::kEq, "3", "ranks = 3"}, TextCase{"tags", Op::kEq, "3", "tags = '3'"}));

// Comparing by value, checked against exact arithmetic: a long double holds any int and any of these halves.
TEST(BindFilter, ranges_over_ints_hold_for_exactly_the_ints_they_should) {
  const Schema schema = example_schema();
  const auto holds = [&](Op op, double literal, std::int64_t value) {
    const auto bound = bind_filter(Filter::condition("contacts_count", op, Value(literal)), schema);
    if (bound->kind == BoundFilter::Kind::kFalse) return false;
    const auto& [lower, upper] = std::tie(bound->lower, bound->upper);
    const auto at = [](const Bound& end) { return std::get<std::int64_t>(end.value); };
    if (lower && (value < at(*lower) || (value == at(*lower) && lower->inclusive == Inclusive::kNo)))
      return false;
    if (upper && (value > at(*upper) || (value == at(*upper) && upper->inclusive == Inclusive::kNo)))
      return false;
    return true;
  };
  const std::int64_t values[] = {kLeastInt, kLeastInt + 1, -3, -2, -1, 0, 1, 2, 3, kMostInt - 1, kMostInt};
  const double literals[] = {-1e19, -0x1p63, -2.5, -2, -0.5, 0, 0.5, 1, 2.5, 0x1p62, 0x1p63, 1e19};
  for (const auto value : values) {
    for (const double literal : literals) {
      const auto exact_value = static_cast<long double>(value);
      const auto exact_literal = static_cast<long double>(literal);
      EXPECT_EQ(holds(Op::kGt, literal, value), exact_value > exact_literal) << value << " > " << literal;
      EXPECT_EQ(holds(Op::kGte, literal, value), exact_value >= exact_literal) << value << " >= " << literal;
      EXPECT_EQ(holds(Op::kLt, literal, value), exact_value < exact_literal) << value << " < " << literal;
      EXPECT_EQ(holds(Op::kLte, literal, value), exact_value <= exact_literal) << value << " <= " << literal;
      EXPECT_EQ(holds(Op::kEq, literal, value), exact_value == exact_literal) << value << " = " << literal;
    }
  }
}

Result<BoundQuery> bind_example(const Query& query) { return bind(query, example_schema()); }

Query sorted_by(std::vector<SortKey> sort) {
  Query query;
  query.sort = std::move(sort);
  return query;
}

TEST(BindFilter, comparisons_with_a_nocase_field_are_folded_and_the_text_operators_are_not) {
  Datasource people{.id = "people",
                    .fields = {{.name = "name", .collation = Collation::kNocase}, {.name = "code"}}};
  const Schema schema = make_schema(people, nullptr);
  const auto bound = [&](Op op, std::vector<Value> values, std::string field = "name") {
    const auto filter = bind_filter(Filter::condition(std::move(field), op, std::move(values)), schema);
    return filter ? bound_text(*filter, schema) : filter.error().to_string();
  };
  EXPECT_EQ(bound(Op::kEq, {"STRAẞE"}), "nocase name = 'straße'");
  EXPECT_EQ(bound(Op::kIeq, {"Bob"}), "nocase name = 'bob'");
  EXPECT_EQ(bound(Op::kNe, {"Bob"}), "not(nocase name = 'bob')");
  EXPECT_EQ(bound(Op::kIn, {"b", "A", "B"}), "nocase name in {'a', 'b'}");
  EXPECT_EQ(bound(Op::kIn, {"B", "b"}), "nocase name = 'b'");
  EXPECT_EQ(bound(Op::kNin, {"b", "A"}), "not(nocase name in {'a', 'b'})");
  EXPECT_EQ(bound(Op::kGt, {"B"}), "nocase name ('b', )");
  EXPECT_EQ(bound(Op::kLte, {"B"}), "nocase name (, 'b']");
  EXPECT_EQ(bound(Op::kBetween, {"Z", "a"}), "false");
  EXPECT_EQ(bound(Op::kBetween, {"a", "Z"}), "nocase name ['a', 'z']");
  EXPECT_EQ(bound(Op::kContains, {"B"}), "name contains 'B'");
  EXPECT_EQ(bound(Op::kStartswith, {"B"}), "name startswith 'B'");
  EXPECT_EQ(bound(Op::kIstartswith, {"B"}), "name folded startswith 'b'");
  EXPECT_EQ(bound(Op::kIsnull, {true}), "name isnull");
  EXPECT_EQ(bound(Op::kEq, {"Bob"}, "code"), "code = 'Bob'");
  EXPECT_EQ(bound(Op::kIeq, {"Bob"}, "code"), "code folded equals 'bob'");
  EXPECT_EQ(bound(Op::kEq, {"Bob"}, "_id"), "_id = 'Bob'");
}

TEST(Bind, an_empty_query_asks_for_every_row_and_every_column_but_the_id) {
  const auto bound = bind_example({});
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->filter.kind, BoundFilter::Kind::kTrue);
  EXPECT_TRUE(bound->sort.empty());
  EXPECT_EQ(bound->skip, 0u);
  EXPECT_FALSE(bound->take);
  EXPECT_EQ(bound->columns, (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
}

TEST(Bind, a_sort_that_has_a_field_twice_is_refused_and_names_it) {
  EXPECT_EQ(bind_example(sorted_by({{.field = "status", .direction = Direction::kDescending},
                                    {.field = "_id", .nulls = Nulls::kFirst},
                                    {.field = "status"}}))
                .error()
                .to_string(),
            R"(invalid_argument: status: the sort has field "status" twice: expected each once)");
  EXPECT_EQ(bind_example(sorted_by({{.field = "address.zip"}, {.field = "address.zip"}})).error().field(),
            "address.zip");
  EXPECT_EQ(bind_example(sorted_by({{.field = "_id"}, {.field = "_id"}})).error().field(), "_id");
}

TEST(Bind, sorting_by_what_has_no_order_is_refused) {
  EXPECT_EQ(bind_example(sorted_by({{.field = "tags"}})).error().to_string(),
            R"(invalid_argument: tags: "tags" is a list: lists have no order)");
  EXPECT_EQ(
      bind_example(sorted_by({{.field = "address"}})).error().to_string(),
      R"(invalid_argument: address: "address" is a map: name one of the fields inside it (hint: address.city, address.zip))");
  EXPECT_EQ(bind_example(sorted_by({{.field = "revenu"}})).error().to_string(),
            R"(invalid_argument: revenu: there is no field "revenu" (hint: did you mean "revenue"?))");
}

TEST(Bind, a_sort_has_sixteen_keys_at_most) {
  Datasource wide;
  Query query;
  for (int i = 0; i < 16; ++i) {
    wide.fields.push_back(scalar("f" + std::to_string(i), Type::kInt));
    query.sort.push_back({.field = wide.fields.back().name});
  }
  EXPECT_EQ(bind(query, make_schema(wide, nullptr))->sort.size(), 16u);
  EXPECT_EQ(bind_example(sorted_by(std::vector<SortKey>(17, SortKey{.field = "name"}))).error().to_string(),
            "invalid_argument: sort: a sort has at most 16 keys, got 17");
}

TEST(Bind, columns_come_in_the_order_asked_for_and_once) {
  Query query;
  query.columns = {"name", "address", "_id", "address.city", "name", "tags"};
  const auto bound = bind_example(query);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->columns, (std::vector<std::uint32_t>{15, 10, 11, 6}));
}

TEST(Bind, no_columns_at_all_leaves_the_id) {
  Query query;
  query.columns.emplace();
  EXPECT_TRUE(bind_example(query)->columns.empty());
}

TEST(Bind, an_unknown_column_is_refused_with_a_hint) {
  Query query;
  query.columns = {"adress"};
  EXPECT_EQ(bind_example(query).error().to_string(),
            R"(invalid_argument: adress: there is no field "adress")");
  query.columns = {"address.citi"};
  EXPECT_EQ(
      bind_example(query).error().to_string(),
      R"(invalid_argument: address.citi: there is no field "address.citi" (hint: did you mean "address.city"?))");
}

TEST(Bind, more_names_than_there_can_be_columns_are_refused) {
  Query query;
  query.columns = std::vector<std::string>(1025, "name");
  EXPECT_EQ(bind_example(query).error().to_string(),
            "invalid_argument: columns: at most 1024 columns can be named, got 1025");
}

TEST(Bind, skip_plus_take_plus_one_never_overflows) {
  Query query;
  query.skip = UINT64_MAX;
  query.take = UINT64_MAX;
  const auto bound = bind_example(query);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->skip, kMostRows);
  EXPECT_EQ(bound->take, kMostRows);
  EXPECT_LE(bound->skip, UINT64_MAX - *bound->take - 1);
  query.skip = 7;
  query.take = 0;
  EXPECT_EQ(bind_example(query)->skip, 7u);
  EXPECT_EQ(bind_example(query)->take, 0u);
}

}  // namespace
}  // namespace slate
