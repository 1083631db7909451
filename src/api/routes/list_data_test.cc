// Answers that callers have already or that are kept, values of columns, and a grid's own requests.
#include <gmock/gmock.h>
#include <optional>

#include "api/testing/api_test_base.h"
#include "net/testing/held_pool.h"

namespace slate::api {
namespace {

using ::testing::HasSubstr;

class ListDataTest : public testing::ApiTest {
 protected:
  ListDataTest() {
    create_people();
    create_people_list();
    write_people(25);
  }
  testing::Answer ask_again(const std::string& path, const std::string& etag) {
    return get(path, {{"If-None-Match", etag}});
  }
  testing::Answer rows(const std::string& body, const std::string& query = "") {
    return post("/v1/lists/adults/rows" + query, body);
  }
  std::string ages(const testing::Answer& answer) {
    std::string text;
    const auto json = answer.json();
    for (const auto& row : json.at("rowData").as_array())
      text += (text.empty() ? "" : " ") + boost::json::serialize(row.at("age"));
    return text;
  }

  const std::string data_ = "/v1/lists/adults/data";
  const std::string values_ = "/v1/lists/adults/values/";
};

TEST_F(ListDataTest, same_answer_is_304_and_examines_no_key_and_no_row) {
  for (const std::string& path : {data_, data_ + "?age__gt=20&take=2&count=exact", values_ + "name",
                                  std::string("/v1/datasources/people/records?take=3"),
                                  std::string("/v1/datasources/people/values/age")}) {
    const auto first = get(path);
    ASSERT_EQ(first.status, 200) << first.body;
    const std::string etag = first.header("ETag");
    EXPECT_TRUE(etag.starts_with("W/\"")) << path;
    EXPECT_EQ(first.header("Cache-Control"), "private, no-cache");
    const auto questions = counted_->questions();
    const auto again = ask_again(path, etag);
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.header("ETag"), etag);
    EXPECT_EQ(again.header("Cache-Control"), "private, no-cache");
    EXPECT_EQ(again.header("Vary"), "Accept, Accept-Encoding");
    EXPECT_EQ(again.header("Slate-Generation"), "1");
    EXPECT_EQ(ask(http::Method::kHead, path, {}, {{"If-None-Match", etag}}).status, 304) << path;
    EXPECT_EQ(counted_->questions(), questions) << path;
    EXPECT_EQ(get(path, {{"If-None-Match", "*"}}).status, 304) << path;
    EXPECT_EQ(ask_again(path, "\"another\"").status, 200) << path;
  }
}

TEST_F(ListDataTest, kept_and_unchanged_answers_need_no_thread_of_the_pool) {
  const http::Headers gzip{{"Accept-Encoding", "gzip"}};
  const std::string values = "/v1/lists/adults/values/name";
  const auto page = get(data_);
  get(data_, gzip);
  const auto distinct = get(values);
  auto held = std::make_optional<net::testing::HeldPool>(api_->pool(), 4);
  const auto again = get(data_);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, page.body);
  EXPECT_EQ(again.header("Server-Timing"), "cache;desc=hit");
  for (const char* name :
       {"ETag", "Vary", "Cache-Control", "Slate-Freshness", "Slate-Generation", "Content-Type"})
    EXPECT_EQ(again.header(name), page.header(name)) << name;
  EXPECT_EQ(get(data_, gzip).header("Server-Timing"), "cache;desc=hit");
  EXPECT_EQ(get(values).body, distinct.body);
  EXPECT_EQ(ask_again(data_, page.header("ETag")).status, 304);
  EXPECT_EQ(get(data_, {{"Prefer", "wait=3"}}).header("Preference-Applied"), "wait=3");
  held.reset();
}

TEST_F(ListDataTest, what_a_writer_was_told_is_in_the_next_answer) {
  for (int age = 20; age < 40; ++age) {
    ASSERT_EQ(get(data_).status, 200);
    ASSERT_EQ(
        put("/v1/datasources/people/records/p24", R"({"name":"n)" + std::to_string(age) + R"(","age":200})")
            .status,
        200);
    EXPECT_EQ(get(data_).at("/records/0/name"), "\"n" + std::to_string(age) + "\"");
  }
}

TEST_F(ListDataTest, a_write_a_changed_list_and_another_question_have_another_etag) {
  const std::string etag = get(data_).header("ETag");
  EXPECT_EQ(get(data_).header("ETag"), etag);
  for (const std::string& other : {data_ + "?take=2", data_ + "?int64=string", data_ + "?age=20"})
    EXPECT_NE(get(other).header("ETag"), etag) << other;
  const auto stream = get(data_, {{"Accept", "text/csv"}});
  EXPECT_NE(stream.header("ETag"), etag);
  EXPECT_EQ(get(data_, {{"Accept", "text/csv"}, {"If-None-Match", stream.header("ETag")}}).status, 304);

  ASSERT_EQ(put("/v1/datasources/people/records/p24", R"({"name":"other","age":24})").status, 200);
  const auto written = ask_again(data_, etag);
  EXPECT_EQ(written.status, 200);
  EXPECT_EQ(written.at("/records/0/name"), R"("other")");
  ASSERT_EQ(put("/v1/lists/adults", R"({"datasource":"people","columns":["age"],"pageSize":3})").status, 200);
  EXPECT_EQ(ask_again(data_, written.header("ETag")).status, 200);
}

TEST_F(ListDataTest, wrong_request_is_refused_whatever_validator_it_brings) {
  const std::string etag = get(data_).header("ETag");
  expect_problem(ask_again(data_ + "?nothing=1", etag), 400, "invalid_argument", "nothing");
  expect_problem(ask_again(data_ + "?nothing=1", "*"), 400, "invalid_argument", "nothing");
  expect_problem(ask_again("/v1/lists/none/data", etag), 404, "not_found", "list");
}

TEST_F(ListDataTest, recreated_datasource_has_another_etag) {
  const std::string etag = get(data_).header("ETag");
  ASSERT_EQ(remove("/v1/datasources/people?cascade=true").status, 204);
  create_people();
  create_people_list();
  write_people(25);
  EXPECT_EQ(ask_again(data_, etag).status, 200);
}

TEST_F(ListDataTest, page_that_is_asked_for_again_costs_no_query_and_is_the_same_bytes) {
  const auto first = get(data_ + "?take=5");
  EXPECT_THAT(first.header("Server-Timing"), HasSubstr("exec"));
  const auto questions = counted_->questions();
  const auto again = get(data_ + "?take=5");
  EXPECT_EQ(counted_->questions(), questions);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("ETag"), first.header("ETag"));
  EXPECT_EQ(again.header("Content-Type"), "application/json");
  EXPECT_EQ(again.header("Server-Timing"), "cache;desc=hit");
  EXPECT_NE(again.header("X-Request-Id"), first.header("X-Request-Id"));
  const auto head = ask(http::Method::kHead, data_ + "?take=5");
  EXPECT_EQ(head.header("ETag"), first.header("ETag"));
  EXPECT_EQ(counted_->questions(), questions);
  EXPECT_GE(api_->answers().pages().stats().hits, 2u);
  EXPECT_THAT(get("/metrics").body, HasSubstr("slate_answer_cache_hits_total 2"));

  ASSERT_EQ(put("/v1/datasources/people/records/p24", R"({"name":"other","age":24})").status, 200);
  EXPECT_EQ(get(data_ + "?take=5").at("/records/0/name"), R"("other")");
}

TEST_F(ListDataTest, answers_that_a_cell_with_a_ttl_has_a_part_in_have_no_etag_and_are_not_kept) {
  ASSERT_EQ(put("/v1/datasources/offers", R"({"fields":[{"name":"name","type":"string"},
      {"name":"price","type":"int","ttlSeconds":60}]})")
                .status,
            201);
  ASSERT_EQ(put("/v1/lists/names", R"({"datasource":"offers","columns":["name"]})").status, 201);
  ASSERT_EQ(put("/v1/lists/prices", R"({"datasource":"offers","columns":["name","price"]})").status, 201);
  ASSERT_EQ(put("/v1/datasources/offers/records/a", R"({"name":"a","price":5})").status, 201);
  EXPECT_NE(get("/v1/lists/names/data").header("ETag"), "");
  const auto priced = get("/v1/lists/prices/data");
  EXPECT_EQ(priced.header("ETag"), "");
  EXPECT_EQ(priced.header("Cache-Control"), "no-store");
  EXPECT_EQ(priced.at("/records/0/price"), "5");
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(get("/v1/lists/prices/data").at("/records/0/price"), "null");
}

TEST_F(ListDataTest, page_is_counted_to_ten_thousand_unless_told_and_streams_are_not) {
  EXPECT_EQ(get(data_).at("/page/count"), R"({"value":7,"relation":"eq"})");
  EXPECT_EQ(get(data_ + "?count=none").at("/page/count"), "");
  EXPECT_EQ(get(data_ + "?count=5").at("/page/count"), R"({"value":5,"relation":"gte"})");
  EXPECT_EQ(get("/v1/datasources/people/records").at("/page/count"), R"({"value":25,"relation":"eq"})");
  EXPECT_EQ(post("/v1/datasources/people/query", "").at("/page/count"), R"({"value":25,"relation":"eq"})");
  EXPECT_EQ(get(data_, {{"Accept", "text/csv"}}).status, 200);
}

TEST_F(ListDataTest, values_of_a_column_are_under_the_lists_filter_and_the_requests) {
  const auto all = get(values_ + "age?age__lt=21");
  EXPECT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(
      all.body,
      R"({"list":"adults","field":"age","values":[{"value":18,"count":1},{"value":19,"count":1},)"
      R"({"value":20,"count":1}],"has_more":false,)"
      R"("freshness":{"state":"static","generation":1,"loaded_at":null,"expires_at":null,"error":null}})");
  EXPECT_EQ(all.header("Slate-Freshness"), "static");
  EXPECT_EQ(get(values_ + "age?take=2").at("/has_more"), "true");
  EXPECT_EQ(get(values_ + "name?search=NAME%202&take=1").at("/values"), R"([{"value":"name 20","count":1}])");
  EXPECT_EQ(get(values_ + "score?order=count").at("/values"), R"([{"value":null,"count":7}])");
  EXPECT_EQ(get("/v1/datasources/people/values/age?order=count&take=1").at("/values/0"),
            R"({"value":0,"count":1})");
}

TEST_F(ListDataTest, wrong_questions_for_values_name_what_is_wrong) {
  expect_problem(get(values_ + "born"), 400, "invalid_argument", "born");
  expect_problem(get(values_ + "age?search=1"), 400, "invalid_argument", "search");
  expect_problem(get(values_ + "name?order=up"), 400, "invalid_argument", "order");
  expect_problem(get(values_ + "name?take=0"), 400, "invalid_argument", "take");
  expect_problem(get(values_ + "name?take=10001"), 400, "invalid_argument", "take");
  for (const char* rows : {"skip=1", "sort=name", "columns=name", "count=exact", "cursor=x"}) {
    const std::string name(rows, std::string_view(rows).find('='));
    expect_problem(get(values_ + "name?" + rows), 400, "invalid_argument", name);
    expect_problem(get("/v1/datasources/people/values/name?" + std::string(rows)), 400, "invalid_argument",
                   name);
  }
  expect_problem(get("/v1/lists/none/values/name"), 404, "not_found", "list");
}

TEST_F(ListDataTest, ints_beyond_what_javascript_holds_are_strings_everywhere_when_asked_for) {
  ASSERT_EQ(put("/v1/datasources/people/records/big", R"({"name":"big","age":9007199254740993})").status,
            201);
  const std::string as_string = R"("9007199254740993")";
  const std::string record = "/v1/datasources/people/records/big";
  EXPECT_EQ(get(record).at("/age"), "9007199254740993");
  EXPECT_EQ(get(record + "?int64=string").at("/age"), as_string);
  EXPECT_EQ(put(record + "?int64=string", R"({"name":"big","age":"9007199254740993"})").at("/age"),
            as_string);
  EXPECT_EQ(ask(http::Method::kPatch, record + "?int64=string", R"({"name":"b"})").at("/age"), as_string);
  EXPECT_EQ(get(data_ + "?int64=string").at("/records/0/age"), as_string);
  EXPECT_EQ(get(values_ + "age?int64=string&age__gt=1000").at("/values/0/value"), as_string);
  EXPECT_EQ(rows("{}", "?int64=string").at("/rowData/0/age"), as_string);
  expect_problem(put(record + "?int64=text", R"({"name":"changed"})"), 400, "invalid_argument", "int64");
  EXPECT_EQ(get(record).at("/name"), R"("b")");
}

TEST_F(ListDataTest, grid_gets_its_rows_their_count_and_the_freshness) {
  const auto answer = rows(R"({"startRow":1,"endRow":3,"rowGroupCols":[],"valueCols":[],"pivotCols":[],
      "pivotMode":false,"groupKeys":[],"sortModel":[{"colId":"age","sort":"asc"}],
      "filterModel":{"name":{"filterType":"text","type":"contains","filter":"NAME 2"}}})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(
      answer.body,
      R"({"rowData":[{"_id":"p21","name":"name 21","age":21,"address":null},)"
      R"({"_id":"p22","name":"name 22","age":22,"address":null}],"rowCount":5,)"
      R"("freshness":{"state":"static","generation":1,"loaded_at":null,"expires_at":null,"error":null}})");
  EXPECT_EQ(ages(rows("{}")), "24 23 22") << "the list's own sort and page";
  EXPECT_EQ(ages(rows("{}", "?age__lt=20")), "19 18");
  EXPECT_EQ(rows("{}", "?age__lt=20").at("/rowCount"), "2");
  EXPECT_EQ(rows("{}", "?count=none").at("/rowCount"), "null");
  EXPECT_EQ(rows("{}", "?count=2").at("/rowCount"), "null");
  EXPECT_EQ(rows(R"({"startRow":500,"endRow":502})").at("/rowCount"), "7");
  EXPECT_EQ(rows("{}", "?columns=age").at("/rowData/0"), R"({"_id":"p24","age":24})");
}

TEST_F(ListDataTest, grid_never_widens_the_list_and_is_refused_by_its_own_names) {
  EXPECT_EQ(rows(R"({"filterModel":{"age":{"filterType":"number","type":"lessThan","filter":18}}})")
                .at("/rowCount"),
            "0");
  expect_problem(rows(R"({"startRow":0,"endRow":101})"), 400, "invalid_argument", "endRow");
  expect_problem(rows(R"({"rowGroupCols":[{"id":"age"}]})"), 501, "unimplemented", "rowGroupCols");
  expect_problem(rows(R"({"pivotMode":true})"), 501, "unimplemented", "pivotMode");
  expect_problem(rows(R"({"filterModel":{"born":{"filterType":"date","type":"blank"}}})"), 400,
                 "invalid_argument", "born");
  expect_problem(rows(R"({"sortModel":[{"colId":"born","sort":"asc"}]})"), 400, "invalid_argument", "born");
  expect_problem(rows("{}", "?take=5"), 400, "invalid_argument", "take");
  expect_problem(rows("[]"), 400, "invalid_argument");
  expect_problem(post("/v1/lists/none/rows", "{}"), 404, "not_found", "list");
  expect_problem(get("/v1/lists/adults/rows"), 405, "method_not_allowed");
  EXPECT_EQ(ask(http::Method::kOptions, "/v1/lists/adults/rows").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask(http::Method::kOptions, values_ + "age").header("Allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace slate::api
