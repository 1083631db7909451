#include "query/query_json.h"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "model/json.h"

namespace slate {
namespace {

Result<Query> read(const std::string& text) {
  auto json = parse_json(text);
  if (!json) return Failure(std::move(json).error());
  return query_from_json(*json);
}

TEST(QueryJson, an_empty_object_is_the_whole_datasource) {
  const auto query = read("{}");
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->filter || query->take || query->columns);
  EXPECT_TRUE(query->sort.empty());
  EXPECT_EQ(query->skip, 0u);
}

TEST(QueryJson, reads_every_member) {
  const auto query = read(R"({"filter":{"field":"status","op":"eq","value":"active"},
      "sort":[{"field":"score","direction":"desc","nulls":"first"},"name"],
      "skip":400,"take":18446744073709551615,"columns":["name","address.city"]})");
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->filter, Filter::condition("status", Op::kEq, Value("active")));
  const std::vector<SortKey> sort{
      {.field = "score", .direction = Direction::kDescending, .nulls = Nulls::kFirst}, {.field = "name"}};
  EXPECT_EQ(query->sort, sort);
  EXPECT_EQ(query->skip, 400u);
  EXPECT_EQ(query->take, UINT64_MAX);
  EXPECT_EQ(query->columns, (std::vector<std::string>{"name", "address.city"}));
}

TEST(QueryJson, what_was_read_is_written_as_it_was) {
  for (const char* text :
       {"{}", R"({"columns":[]})",
        R"({"filter":{"field":"a","op":"in","value":["x",2]},"sort":[{"field":"b","direction":"desc"}],)"
        R"("skip":3,"take":4,"columns":["c"],"cursor":"AQ"})"})
    EXPECT_EQ(to_json(read(text).value()), parse_json(text).value()) << text;
}

TEST(QueryJson, null_is_absent) {
  const auto query = read(R"({"filter":null,"sort":null,"skip":null,"take":null,"columns":null})");
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_FALSE(query->filter || query->take || query->columns);
}

TEST(QueryJson, an_empty_choice_of_columns_is_not_an_absent_one) {
  const auto query = read(R"({"columns":[]})");
  ASSERT_TRUE(query);
  ASSERT_TRUE(query->columns);
  EXPECT_TRUE(query->columns->empty());
}

struct Case {
  const char* text;
  const char* error;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
class QueryJsonRefusals : public testing::TestWithParam<Case> {};
TEST_P(QueryJsonRefusals, names_the_member) {
  const auto query = read(GetParam().text);
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().to_string(), GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, QueryJsonRefusals,
    testing::Values(
        Case{"[]", "invalid_argument: expected a query as an object, got an array"},
        Case{"null", "invalid_argument: expected a query as an object, got null"},
        Case{R"({"filters":{}})",
             R"(invalid_argument: filters: a query has no member "filters" (hint: did you mean "filter"?))"},
        Case{R"({"cursor":7})", R"(invalid_argument: cursor: expected a string, got a number)"},
        Case{R"({"skip":-1})",
             "invalid_argument: skip: expected a whole number from 0 to 18446744073709551615, got -1"},
        Case{R"({"take":"5"})",
             "invalid_argument: take: expected a whole number from 0 to 18446744073709551615, got a string"},
        Case{R"({"take":true})",
             "invalid_argument: take: expected a whole number from 0 to 18446744073709551615, got a bool"},
        Case{R"({"columns":"name"})", "invalid_argument: columns: expected an array of names, got a string"},
        Case{R"({"columns":["name",5]})", "invalid_argument: columns[1]: expected a name, got a number"},
        Case{R"({"filter":[]})",
             "invalid_argument: filter: expected a condition or a group of conditions, got an array"},
        Case{
            R"({"filter":{"and":[{"field":"status","op":"icontain","value":"x"}]}})",
            R"(invalid_argument: filter.and[0].op: unknown operator "icontain" (hint: did you mean "icontains"?))"},
        Case{R"({"sort":[{"field":"name"},{"field":"name","direction":"up"}]})",
             R"(invalid_argument: sort[1].direction: expected asc or desc, got "up")"},
        Case{R"({"sort":5})", "invalid_argument: sort: expected an array, got an int"}));

TEST(QueryJson, numbers_with_a_fraction_or_beyond_64_bits_are_refused) {
  for (const char* text : {R"({"take":1.5})", R"({"take":1e30})", R"({"take":18446744073709551616})"}) {
    const auto query = read(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().field(), "take");
  }
  EXPECT_EQ(read(R"({"take":2.5})").error().message(),
            "expected a whole number from 0 to 18446744073709551615, got 2.5");
}

TEST(QueryJson, limits_of_filters_hold) {
  std::string conditions;
  for (int i = 0; i < 129; ++i)
    conditions += (i == 0 ? "" : ",") + std::string(R"({"field":"a","op":"eq","value":1})");
  EXPECT_EQ(read(R"({"filter":{"and":[)" + conditions + "]}}").error().to_string(),
            "invalid_argument: filter.and[128]: a filter has at most 128 conditions");
  std::string values = "0";
  for (int i = 1; i <= 1000; ++i) values += ',' + std::to_string(i);
  EXPECT_EQ(read(R"({"filter":{"field":"a","op":"in","value":[)" + values + "]}}").error().to_string(),
            "invalid_argument: filter.value: expected at most 1000 values, got 1001");
}

TEST(QueryJson, more_columns_than_there_can_be_are_refused) {
  std::string names = R"("a")";
  for (int i = 1; i <= 1024; ++i) names += R"(,"a")";
  EXPECT_EQ(read(R"({"columns":[)" + names + "]}").error().to_string(),
            "invalid_argument: columns: at most 1024 columns can be named, got 1025");
}

TEST(QueryJson, deep_nesting_is_refused) {
  std::string deep, end;
  for (int i = 0; i < 50; ++i) {
    deep += R"({"not":)";
    end += '}';
  }
  const auto query = read(R"({"filter":)" + deep + R"({"and":[]})" + end + '}');
  ASSERT_FALSE(query);
  EXPECT_TRUE(query.error().field()->starts_with("filter.not.not")) << query.error().to_string();
}

}  // namespace
}  // namespace slate
