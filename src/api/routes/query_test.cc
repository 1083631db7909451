#include <algorithm>
#include <gmock/gmock.h>

#include "api/testing/api_test_base.h"

namespace slate::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class QueryTest : public testing::ApiTest {
 protected:
  QueryTest() {
    create_people();
    write_people(250);
  }
  const std::string records_ = "/v1/datasources/people/records";
  const std::string query_ = "/v1/datasources/people/query";
  const std::string explain_ = "/v1/datasources/people/explain";
};

TEST_F(QueryTest, url_query_filters_sorts_and_pages) {
  const auto answer = get(records_ + "?age__gte=10&sort=-age&skip=1&take=2&columns=age");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("/records"), R"([{"_id":"p248","age":248},{"_id":"p247","age":247}])");
  EXPECT_THAT(answer.at("/page"), StartsWith(R"({"skip":1,"take":2,"has_more":true,"next":")"));
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_THAT(answer.header("Server-Timing"), HasSubstr("plan;dur="));
}

TEST_F(QueryTest, json_query_answers_as_the_url_does) {
  const auto by_url = get(records_ + "?age__between=5,7&sort=-name&columns=name,age&count=exact&take=2");
  const auto by_json =
      post(query_ + "?count=exact", R"({"filter":{"field":"age","op":"between","value":[5,7]},
      "sort":["-name"],"columns":["name","age"],"take":2})");
  EXPECT_EQ(by_json.status, 200) << by_json.body;
  EXPECT_EQ(by_json.json(), by_url.json());
  EXPECT_EQ(by_json.at("/page/count"), R"({"value":3,"relation":"eq"})");
}

TEST_F(QueryTest, no_body_asks_for_the_first_page_of_everything) {
  const auto answer = post(query_, "");
  EXPECT_EQ(answer.json().at("records").as_array().size(), 200u);
  EXPECT_THAT(answer.at("/page"), StartsWith(R"({"skip":0,"take":200,"has_more":true,"next":")"));
}

TEST_F(QueryTest, page_of_more_than_10000_rows_is_refused_for_json_alone) {
  expect_problem(get(records_ + "?take=10001"), 400, "invalid_argument", "take");
  expect_problem(post(query_, R"({"take":10001})"), 400, "invalid_argument", "take");
  EXPECT_EQ(get(records_ + "?take=10001", {{"Accept", "text/csv"}}).status, 200);
}

TEST_F(QueryTest, streams_carry_all_rows_without_take) {
  const auto csv = post(query_, R"({"columns":["age"]})", {{"Accept", "text/csv"}});
  EXPECT_EQ(std::ranges::count(csv.body, '\n'), 251);
  const auto ndjson = get(records_ + "?columns=age", {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(std::ranges::count(ndjson.body, '\n'), 250);
  EXPECT_EQ(ndjson.header("Slate-Generation"), "1");
  EXPECT_EQ(ndjson.header("Slate-Freshness"), "");
}

TEST_F(QueryTest, count_stops_where_it_is_told) {
  EXPECT_EQ(get(records_ + "?count=none").at("/page/count"), "");
  EXPECT_EQ(get(records_ + "?count=exact").at("/page/count"), R"({"value":250,"relation":"eq"})");
  EXPECT_EQ(get(records_ + "?count=bounded").at("/page/count"), R"({"value":250,"relation":"eq"})");
  EXPECT_EQ(get(records_ + "?count=bounded:100").at("/page/count"), R"({"value":100,"relation":"gte"})");
  EXPECT_EQ(get(records_ + "?count=250").at("/page/count"), R"({"value":250,"relation":"eq"})");
  for (const char* wrong : {"some", "0", "bounded:", "bounded:-1", "1.5", "99999999999999999999"})
    expect_problem(get(records_ + "?count=" + wrong), 400, "invalid_argument", "count");
}

TEST_F(QueryTest, count_in_a_stream_is_refused) {
  expect_problem(get(records_ + "?count=exact", {{"Accept", "text/csv"}}), 400, "invalid_argument", "count");
}

TEST_F(QueryTest, malformed_queries_are_400_naming_what_is_wrong) {
  expect_problem(get(records_ + "?agee=1"), 400, "invalid_argument", "agee");
  expect_problem(get(records_ + "?age__like=1"), 400, "invalid_argument", "age__like");
  expect_problem(get(records_ + "?age=old"), 400, "invalid_argument", "age");
  expect_problem(get(records_ + "?sort=agee"), 400, "invalid_argument", "sort");
  expect_problem(get(records_ + "?take=-1"), 400, "invalid_argument", "take");
  expect_problem(get(records_ + "?skip=99999999999999999999"), 400, "invalid_argument", "skip");
  expect_problem(get(records_ + "?filter=%7B"), 400, "invalid_argument", "filter");
  expect_problem(post(query_, R"({"filter":{"and":[{"field":"age","op":"almost","value":1}]}})"), 400,
                 "invalid_argument", "filter.and[0].op");
  expect_problem(post(query_, R"({"filters":[]})"), 400, "invalid_argument", "filters");
  EXPECT_EQ(post(query_, R"({"filter":{"field":"agee","value":1}})").status, 400);
  EXPECT_EQ(post(query_, "{").status, 400);
  EXPECT_EQ(post(query_, "[]").status, 400);
  expect_problem(post(query_ + "?take=1", "{}"), 400, "invalid_argument", "take");
}

TEST_F(QueryTest, cursors_lead_to_the_next_page_and_back) {
  const std::string query = records_ + "?age__lt=5&sort=-age&take=2&columns=age";
  const auto cursor = [](const auto& answer, const char* member) {
    return std::string(answer.json().at("page").at(member).as_string());
  };
  const auto first = get(query);
  EXPECT_EQ(first.at("/page/previous"), "null");
  const auto second = get(query + "&cursor=" + cursor(first, "next"));
  EXPECT_EQ(second.at("/records"), R"([{"_id":"p2","age":2},{"_id":"p1","age":1}])");
  const auto third = get(query + "&cursor=" + cursor(second, "next"));
  EXPECT_EQ(third.at("/records"), R"([{"_id":"p0","age":0}])");
  EXPECT_EQ(third.at("/page/next"), "null");
  const auto back = get(query + "&cursor=" + cursor(second, "previous"));
  EXPECT_EQ(back.at("/records"), first.at("/records"));
  EXPECT_EQ(back.at("/page/previous"), "null");
  EXPECT_EQ(cursor(back, "next"), cursor(first, "next"));
  const auto by_json = post(query_, R"({"filter":{"field":"age","op":"lt","value":5},"sort":["-age"],"take":2,
      "columns":["age"],"cursor":")" + cursor(first, "next") +
                                        "\"}");
  EXPECT_EQ(by_json.at("/records"), second.at("/records"));
}

TEST_F(QueryTest, a_cursor_of_another_query_or_of_nobody_is_refused_and_one_of_old_data_has_expired) {
  const auto first = get(records_ + "?sort=-age&take=2");
  const std::string cursor(first.json().at("page").at("next").as_string());
  EXPECT_EQ(get(records_ + "?sort=-age&take=3&columns=name&cursor=" + cursor).status, 200);
  expect_problem(get(records_ + "?sort=age&cursor=" + cursor), 400, "invalid_argument", "cursor");
  expect_problem(get(records_ + "?sort=-age&age__gt=5&cursor=" + cursor), 400, "invalid_argument", "cursor");
  expect_problem(get(records_ + "?cursor=abc"), 400, "invalid_argument", "cursor");
  EXPECT_EQ(remove(records_).status, 204);
  expect_problem(get(records_ + "?sort=-age&cursor=" + cursor), 410, "cursor_expired", "cursor");
}

TEST_F(QueryTest, big_ints_are_strings_when_asked_for) {
  put("/v1/datasources/people/records/big", R"({"age":9007199254740993})");
  EXPECT_EQ(get(records_ + "?_id=big&columns=age").at("/records/0/age"), "9007199254740993");
  EXPECT_EQ(get(records_ + "?_id=big&columns=age&int64=string").at("/records/0/age"),
            R"("9007199254740993")");
  EXPECT_EQ(get(records_ + "?_id=p7&columns=age&int64=string").at("/records/0/age"), "7");
  expect_problem(get(records_ + "?int64=text"), 400, "invalid_argument", "int64");
}

TEST_F(QueryTest, columns_are_given_in_the_order_asked_for_and_maps_put_together) {
  put("/v1/datasources/people/records/m", R"({"age":1,"address":{"city":"Ghent","geo":{"lat":1.5}}})");
  EXPECT_EQ(get(records_ + "?_id=m&columns=address.geo.lat,age,address.city").at("/records/0"),
            R"({"_id":"m","address":{"geo":{"lat":1.5E0},"city":"Ghent"},"age":1})");
  EXPECT_EQ(get(records_ + "?_id=m&columns=_id,age").at("/records/0"), R"({"_id":"m","age":1})");
}

TEST_F(QueryTest, explain_gives_the_plan_without_running_it) {
  const auto answer = post(explain_, R"({"filter":{"field":"name","value":"name 7"},"take":5})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/actual"), "null");
  EXPECT_EQ(answer.at("/milliseconds"), "null");
  EXPECT_EQ(answer.at("/plan/op"), R"("limit")");
  EXPECT_THAT(answer.at("/text"), HasSubstr("limit: take 5"));
  EXPECT_FALSE(answer.at("/cost").empty());
  EXPECT_FALSE(answer.at("/refused").empty());
}

TEST_F(QueryTest, explain_with_analyze_counts_what_was_examined) {
  const auto answer = post(explain_ + "?analyze=true", R"({"filter":{"field":"name","value":"name 7"}})");
  EXPECT_EQ(answer.at("/actual/rows_returned"), "1") << answer.body;
  EXPECT_THAT(answer.at("/text"), HasSubstr("returned 1 rows"));
  expect_problem(post(explain_ + "?analyse=true", "{}"), 400, "invalid_argument", "analyse");
}

}  // namespace
}  // namespace slate::api
