#include "query/grid_request.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "model/date.h"
#include "model/json.h"
#include "query/bound_query.h"
#include "query/testing/example_schema.h"

namespace slate {
namespace {

Result<Query> read(const std::string& text) {
  auto json = parse_json(text);
  if (!json) return Failure(std::move(json).error());
  return query_from_grid_request(*json);
}

// The filter of one column, as Slate's own JSON.
std::string filter_of(const std::string& column, const std::string& filter) {
  const auto query = read(R"({"filterModel":{")" + column + "\":" + filter + "}}");
  if (!query) return query.error().to_string();
  if (!query->filter) return "none";
  if (const auto bound = bind(*query, example_schema()); !bound) return bound.error().to_string();
  return boost::json::serialize(to_json(*query->filter));
}

std::string json_of(Filter filter) { return boost::json::serialize(to_json(filter)); }
std::string json_of(std::string_view column, Op op, Value value) {
  return json_of(Filter::condition(std::string(column), op, std::move(value)));
}

TEST(GridRequest, nothing_asked_is_everything) {
  const auto query = read("{}");
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_FALSE(query->filter || query->take);
  EXPECT_EQ(query->skip, 0u);
  EXPECT_TRUE(query->sort.empty());
  const auto nulls = read(R"({"startRow":null,"endRow":null,"sortModel":null,"filterModel":null,
      "rowGroupCols":null,"groupKeys":[],"pivotMode":false,"pivotCols":[],"valueCols":[]})");
  ASSERT_TRUE(nulls) << nulls.error().to_string();
  EXPECT_FALSE(nulls->filter || nulls->take);
}

TEST(GridRequest, rows_and_sort_are_skip_take_and_keys) {
  const auto query = read(R"({"startRow":100,"endRow":300,
      "sortModel":[{"colId":"revenue","sort":"desc"},{"colId":"address.city","sort":"asc"}]})");
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->skip, 100u);
  EXPECT_EQ(query->take, 200u);
  const std::vector<SortKey> sort{{.field = "revenue", .direction = Direction::kDescending},
                                  {.field = "address.city"}};
  EXPECT_EQ(query->sort, sort);
}

struct TextCase {
  const char* type;
  Op op;
  bool negated;
};
TEST(GridRequest, text_filters_ignore_case) {
  for (const auto& [type, op, negated] : std::vector<TextCase>{{"contains", Op::kIcontains, false},
                                                               {"notContains", Op::kIcontains, true},
                                                               {"equals", Op::kIeq, false},
                                                               {"notEqual", Op::kIeq, true},
                                                               {"startsWith", Op::kIstartswith, false},
                                                               {"endsWith", Op::kIendswith, false}}) {
    Filter expected = Filter::condition("status", op, Value("Act"));
    if (negated) expected = Filter::negation(std::move(expected));
    EXPECT_EQ(
        filter_of("status", std::string(R"({"filterType":"text","type":")") + type + R"(","filter":"Act"})"),
        json_of(expected))
        << type;
  }
  EXPECT_EQ(filter_of("status", R"({"filterType":"text","type":"blank"})"),
            json_of("status", Op::kEmpty, Value(true)));
  EXPECT_EQ(filter_of("status", R"({"filterType":"text","type":"notBlank"})"),
            json_of("status", Op::kEmpty, Value(false)));
}

TEST(GridRequest, number_filters_compare_by_value) {
  for (const auto& [type, op] : std::vector<std::pair<std::string, Op>>{{"equals", Op::kEq},
                                                                        {"notEqual", Op::kNe},
                                                                        {"lessThan", Op::kLt},
                                                                        {"lessThanOrEqual", Op::kLte},
                                                                        {"greaterThan", Op::kGt},
                                                                        {"greaterThanOrEqual", Op::kGte}})
    EXPECT_EQ(filter_of("revenue", R"({"filterType":"number","type":")" + type + R"(","filter":1.5})"),
              json_of("revenue", op, Value(1.5)))
        << type;
  EXPECT_EQ(filter_of("revenue", R"({"filterType":"number","type":"inRange","filter":1,"filterTo":2})"),
            json_of(Filter::condition("revenue", Op::kBetween, std::vector<Value>{Value(1), Value(2)})));
  EXPECT_EQ(filter_of("revenue", R"({"filterType":"number","type":"blank"})"),
            json_of("revenue", Op::kIsnull, Value(true)));
  EXPECT_EQ(filter_of("revenue", R"({"filterType":"number","type":"notBlank"})"),
            json_of("revenue", Op::kIsnull, Value(false)));
}

Value date(std::string_view text) { return Value(*parse_date(text)); }

TEST(GridRequest, date_without_a_time_is_its_whole_day) {
  const auto filter = [](const std::string& type) {
    return filter_of("closed_at", R"({"filterType":"date","type":")" + type +
                                      R"(","dateFrom":"2024-01-15 00:00:00","dateTo":"2024-01-16"})");
  };
  const auto day = [](const char* from, const char* to) {
    return Filter::condition("closed_at", Op::kBetween, std::vector<Value>{date(from), date(to)});
  };
  EXPECT_EQ(filter("equals"), json_of(day("2024-01-15T00:00:00Z", "2024-01-15T23:59:59Z")));
  EXPECT_EQ(filter("notEqual"),
            json_of(Filter::negation(day("2024-01-15T00:00:00Z", "2024-01-15T23:59:59Z"))));
  EXPECT_EQ(filter("inRange"), json_of(day("2024-01-15T00:00:00Z", "2024-01-16T23:59:59Z")));
  EXPECT_EQ(filter("lessThan"), json_of("closed_at", Op::kLt, date("2024-01-15")));
  EXPECT_EQ(filter("lessThanOrEqual"), json_of("closed_at", Op::kLt, date("2024-01-16")));
  EXPECT_EQ(filter("greaterThan"), json_of("closed_at", Op::kGte, date("2024-01-16")));
  EXPECT_EQ(filter("greaterThanOrEqual"), json_of("closed_at", Op::kGte, date("2024-01-15")));
  EXPECT_EQ(filter("blank"), json_of("closed_at", Op::kIsnull, Value(true)));
}

TEST(GridRequest, date_with_a_time_is_that_second) {
  EXPECT_EQ(filter_of("closed_at",
                      R"({"filterType":"date","type":"greaterThan","dateFrom":"2024-01-15 08:30:00"})"),
            json_of("closed_at", Op::kGte, date("2024-01-15T08:30:01Z")));
  EXPECT_EQ(filter_of("closed_at",
                      R"({"filterType":"date","type":"lessThan","dateFrom":"2024-01-15T08:30:00+02:00"})"),
            json_of("closed_at", Op::kLt, date("2024-01-15T06:30:00Z")));
}

TEST(GridRequest, values_of_a_set_take_their_columns_type_and_null_is_the_absence) {
  const auto query =
      read(R"({"filterModel":{"contacts_count":{"filterType":"set","values":["1","2",null]}}})");
  ASSERT_TRUE(query) << query.error().to_string();
  const auto bound = bind(*query, example_schema());
  ASSERT_TRUE(bound) << bound.error().to_string();
  const auto expected = bind_filter(
      Filter::any_of({Filter::condition("contacts_count", Op::kIn, std::vector<Value>{Value(1), Value(2)}),
                      Filter::condition("contacts_count", Op::kIsnull, Value(true))}),
      example_schema());
  EXPECT_EQ(bound->filter, *expected);
  const auto none = read(R"({"filterModel":{"status":{"filterType":"set","values":[]}}})");
  ASSERT_TRUE(none);
  EXPECT_EQ(bind(*none, example_schema())->filter.kind, BoundFilter::Kind::kFalse);
  EXPECT_TRUE(bind(*read(R"({"filterModel":{"is_open":{"filterType":"set","values":["true",false]}}})"),
                   example_schema()));
}

TEST(GridRequest, conditions_are_joined_in_the_old_form_and_the_new) {
  const std::string less = R"({"filterType":"number","type":"lessThan","filter":1})";
  const std::string more = R"({"filterType":"number","type":"greaterThan","filter":5})";
  const Filter lt = Filter::condition("revenue", Op::kLt, Value(1));
  const Filter gt = Filter::condition("revenue", Op::kGt, Value(5));
  EXPECT_EQ(filter_of("revenue", R"({"filterType":"number","operator":"OR","condition1":)" + less +
                                     R"(,"condition2":)" + more + "}"),
            json_of(Filter::any_of({lt, gt})));
  EXPECT_EQ(filter_of("revenue",
                      R"({"filterType":"number","operator":"AND","conditions":[)" + less + "," + more + "]}"),
            json_of(Filter::all_of({lt, gt})));
  EXPECT_EQ(filter_of("revenue", R"({"filterType":"multi","filterModels":[null,)" + less + "]}"),
            json_of(Filter::all_of({lt})));
}

TEST(GridRequest, filters_of_all_columns_hold) {
  const auto query = read(R"({"filterModel":{"revenue":{"filterType":"number","type":"equals","filter":1},
      "status":{"filterType":"text","type":"contains","filter":"a"},"name":null}})");
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->filter, Filter::all_of({Filter::condition("revenue", Op::kEq, Value(1)),
                                           Filter::condition("status", Op::kIcontains, Value("a"))}));
}

struct Case {
  const char* text;
  const char* error;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.text; }
class GridRequestRefusals : public testing::TestWithParam<Case> {};
TEST_P(GridRequestRefusals, names_the_member) {
  const auto query = read(GetParam().text);
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().to_string(), GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(
    Shapes, GridRequestRefusals,
    testing::Values(
        Case{R"({"rowGroupCols":[{"id":"status"}]})", "unimplemented: rowGroupCols: groups are not offered"},
        Case{R"({"groupKeys":["active"]})", "unimplemented: groupKeys: groups are not offered"},
        Case{R"({"pivotMode":true})", "unimplemented: pivotMode: pivots are not offered"},
        Case{R"({"pivotCols":[{"id":"status"}]})", "unimplemented: pivotCols: pivots are not offered"},
        Case{R"({"valueCols":[{"id":"revenue","aggFunc":"sum"}]})",
             "unimplemented: valueCols: aggregation is not offered"},
        Case{R"({"filterModel":{"filterType":"join","type":"AND","conditions":[]}})",
             "unimplemented: filterModel: advanced filters are not offered"},
        Case{R"({"startRow":-1})", "invalid_argument: startRow: expected a whole number from 0 up, got -1"},
        Case{R"({"startRow":2.5})", "invalid_argument: startRow: expected a whole number from 0 up, got 2.5"},
        Case{R"({"startRow":"0"})", "invalid_argument: startRow: expected a whole number, got a string"},
        Case{R"({"startRow":10,"endRow":5})",
             "invalid_argument: endRow: expected startRow or more, which is 10, got 5"},
        Case{R"({"sortModel":[{"colId":"name","sort":"up"}]})",
             R"(invalid_argument: sortModel[0].sort: expected asc or desc, got "up")"},
        Case{R"({"sortModel":[{"sort":"asc"}]})", "invalid_argument: sortModel[0].colId: is missing"},
        Case{R"({"filterModel":[]})",
             "invalid_argument: filterModel: expected an object of filters by column, got an array"},
        Case{R"({"filterModel":{"name":{"type":"equals","filter":"x"}}})",
             "invalid_argument: filterModel.name.filterType: is missing"},
        Case{R"({"filterModel":{"name":{"filterType":"text","type":"contains"}}})",
             "invalid_argument: filterModel.name.filter: is missing"},
        Case{R"({"filterModel":{"name":{"filterType":"text","type":"contains","filter":5}}})",
             "invalid_argument: filterModel.name.filter: expected a string, got an int"},
        Case{R"({"filterModel":{"a":{"filterType":"number","type":"inRange","filter":5}}})",
             "invalid_argument: filterModel.a.filterTo: is missing"},
        Case{R"({"filterModel":{"a":{"filterType":"number","type":"equals","filter":"5"}}})",
             "invalid_argument: filterModel.a.filter: expected a number, got a string"},
        Case{R"({"filterModel":{"a":{"filterType":"set","values":[{}]}}})",
             "invalid_argument: filterModel.a.values[0]: expected a scalar or null, got an object"},
        Case{R"({"filterModel":{"a":{"filterType":"text","operator":"NEITHER","conditions":[]}}})",
             R"(invalid_argument: filterModel.a.operator: expected AND or OR, got "NEITHER")"},
        Case{R"({"filterModel":{"a":{"filterType":"text","operator":"OR","conditions":[]}}})",
             "invalid_argument: filterModel.a.conditions: expected at least one condition"}));

TEST(GridRequest, unknown_types_members_and_dates_are_refused) {
  for (const auto& [text, field] : std::vector<std::pair<const char*, const char*>>{
           {R"({"groupKey":[]})", "groupKey"},
           {R"({"filterModel":{"a":{"filterType":"object"}}})", "filterModel.a.filterType"},
           {R"({"filterModel":{"a":{"filterType":"number","type":"contains","filter":1}}})",
            "filterModel.a.type"},
           {R"({"filterModel":{"a":{"filterType":"date","type":"equals","dateFrom":"soon"}}})",
            "filterModel.a.dateFrom"}}) {
    const auto query = read(text);
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(query.error().field(), field);
  }
}

TEST(GridRequest, depth_and_conditions_are_bounded) {
  std::string deep = R"({"filterType":"number","type":"blank"})";
  for (int i = 0; i < 20; ++i) deep = R"({"filterType":"multi","filterModels":[)" + deep + "]}";
  EXPECT_FALSE(read(R"({"filterModel":{"a":)" + deep + "}}"));
  std::string many;
  for (int i = 0; i < 129; ++i)
    many += (i == 0 ? "" : ",") + std::string(R"({"filterType":"number","type":"blank"})");
  const auto query =
      read(R"({"filterModel":{"a":{"filterType":"number","operator":"OR","conditions":[)" + many + "]}}}");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().field(), "filterModel");
}

}  // namespace
}  // namespace slate
