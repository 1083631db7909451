#include <algorithm>
#include <gmock/gmock.h>

#include "api/testing/api_test_base.h"

namespace slate::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::json;

class ListsTest : public testing::ApiTest {
 protected:
  ListsTest() {
    create_people();
    create_people_list();
  }
  // has_more of a page over the people from 18 on.
  std::string has_more(const std::string& query) { return get(data_ + "?" + query).at("/page/has_more"); }
  std::size_t rows(const std::string& query) {
    return get(data_ + "?" + query).json().at("records").as_array().size();
  }

  const std::string data_ = "/v1/lists/adults/data";
};

// RFC 4180, as a client would read it.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> line(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        line.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        line.back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      line.emplace_back();
    } else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      lines.push_back(std::exchange(line, std::vector<std::string>(1)));
    } else {
      line.back() += c;
    }
  }
  EXPECT_EQ(line, std::vector<std::string>(1)) << "the last line ends in CR LF";
  return lines;
}

TEST_F(ListsTest, config_has_labels_and_types) {
  const auto answer = get("/v1/lists/adults");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json(), json(R"({"id":"adults","datasource":"people","title":"Adults","columns":[
      {"field":"name","label":"name","type":"string"},{"field":"age","label":"Age","type":"int"},
      {"field":"address.city","label":"address.city","type":"string"},
      {"field":"score","label":"score","type":"float","hidden":true}],
      "filter":{"field":"age","op":"gte","value":18},"sort":[{"field":"age","direction":"desc"}],
      "page_size":3,"max_page_size":100})"));
}

TEST_F(ListsTest, lists_are_all_there_with_the_same_config) {
  const auto answer = get("/v1/lists");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json().at("lists").as_array().size(), 1u);
  EXPECT_EQ(answer.json().at("lists").at(0), get("/v1/lists/adults").json());
  expect_problem(get("/v1/lists?page=1"), 400, "invalid_argument", "page");
}

TEST_F(ListsTest, unknown_list_is_404) {
  expect_problem(get("/v1/lists/nowhere"), 404, "not_found", "list");
  expect_problem(get("/v1/lists/nowhere/data"), 404, "not_found", "list");
  expect_problem(remove("/v1/lists/nowhere"), 404, "not_found", "list");
}

TEST_F(ListsTest, saved_list_is_201_then_200_and_warns_of_what_no_index_serves) {
  const std::string config = R"({"datasource":"people","columns":["name"],"sort":["score"]})";
  const auto created = put("/v1/lists/scores", config);
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.header("Location"), "/v1/lists/scores");
  EXPECT_EQ(created.at("/saved"), R"("created")");
  EXPECT_THAT(created.at("/warnings/0"), HasSubstr("score"));
  const auto again = put("/v1/lists/scores", config);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.at("/saved"), R"("unchanged")");
  EXPECT_EQ(
      put("/v1/lists/scores", R"({"datasource":"people","columns":["name"],"sort":["age"]})").at("/warnings"),
      "[]");
}

TEST_F(ListsTest, what_get_gives_may_be_put_back) {
  for (const char* definition :
       {R"({"datasource":"people","columns":["name",{"field":"age","label":"Age","hidden":true}],"pageSize":7,
            "maxPageSize":70,"sort":["-age"],"filter":{"field":"score","op":"gt","value":2.0}})",
        R"({"datasource":"people","columns":["name"]})"}) {
    ASSERT_LT(put("/v1/lists/back", definition).status, 300);
    const auto told = get("/v1/lists/back");
    const auto again = put("/v1/lists/back", told.body);
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.at("/saved"), R"("unchanged")") << again.body;
    EXPECT_EQ(put("/v1/lists/back", again.body).status, 200) << "what PUT gives, too";
    EXPECT_EQ(get("/v1/lists/back").body, told.body);
  }
  auto changed = get("/v1/lists/back").json();
  changed.as_object()["page_size"] = 9;
  EXPECT_EQ(put("/v1/lists/back", boost::json::serialize(changed)).at("/page_size"), "9");
}

TEST_F(ListsTest, wrong_list_is_400_naming_the_member_and_is_not_saved) {
  EXPECT_EQ(put("/v1/lists/bad", R"({"datasource":"people","columns":["nam"]})").status, 400);
  EXPECT_EQ(put("/v1/lists/bad", R"({"datasource":"people","columns":[]})").status, 400);
  EXPECT_EQ(put("/v1/lists/bad", R"({"datasource":"people"})").status, 400);
  EXPECT_EQ(put("/v1/lists/bad", R"({"datasource":"people","columns":["name"],"pageSize":0})").status, 400);
  expect_problem(put("/v1/lists/bad", R"({"id":"good","datasource":"people","columns":["name"]})"), 400,
                 "invalid_argument", "id");
  const auto without_datasource = put("/v1/lists/bad", R"({"datasource":"nowhere","columns":["name"]})");
  EXPECT_GE(without_datasource.status, 400);
  EXPECT_LT(without_datasource.status, 500);
  EXPECT_EQ(get("/v1/lists/bad").status, 404);
}

TEST_F(ListsTest, deleted_list_is_gone_and_its_datasource_stays) {
  EXPECT_EQ(remove("/v1/lists/adults").status, 204);
  expect_problem(get("/v1/lists/adults"), 404, "not_found", "list");
  EXPECT_EQ(get("/v1/datasources/people").status, 200);
}

TEST_F(ListsTest, data_has_the_documented_shape) {
  write_people(25);
  const auto answer = get(data_ + "?take=1&count=exact");
  EXPECT_EQ(answer.status, 200);
  const std::string next(answer.json().at("page").at("next").as_string());
  EXPECT_EQ(
      answer.body,
      R"({"list":"adults","records":[{"_id":"p24","name":"name 24","age":24,"address":null}],)"
      R"("page":{"skip":0,"take":1,"has_more":true,"next":")" +
          next +
          R"(","previous":null,"count":{"value":7,"relation":"eq"}},)"
          R"("freshness":{"state":"static","generation":1,"loaded_at":null,"expires_at":null,"error":null}})");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("Slate-Freshness"), "static");
  EXPECT_EQ(answer.header("Slate-Generation"), "1");
  EXPECT_EQ(answer.header("Vary"), "Accept, Accept-Encoding");
  for (const char* step : {"plan;dur=", ", exec;dur=", ", render;dur="})
    EXPECT_THAT(answer.header("Server-Timing"), HasSubstr(step));
}

TEST_F(ListsTest, head_has_the_headers_and_no_body) {
  const auto answer = ask(http::Method::kHead, data_);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.header("Slate-Freshness"), "static");
}

TEST_F(ListsTest, page_size_of_the_list_is_the_default) {
  write_people(30);
  const auto answer = get(data_);
  EXPECT_EQ(answer.json().at("records").as_array().size(), 3u);
  EXPECT_EQ(answer.at("/page/take"), "3");
}

TEST_F(ListsTest, take_beyond_the_maximum_is_400_naming_take) {
  expect_problem(get(data_ + "?take=101"), 400, "invalid_argument", "take");
  EXPECT_EQ(get(data_ + "?take=100").status, 200);
  EXPECT_EQ(get(data_ + "?take=101", {{"Accept", "text/csv"}}).status, 200);
}

TEST_F(ListsTest, no_rows_have_no_more) {
  EXPECT_EQ(has_more("take=5"), "false");
  EXPECT_EQ(has_more("take=0"), "false");
  EXPECT_EQ(rows("take=5"), 0u);
}

TEST_F(ListsTest, has_more_is_right_at_every_edge) {
  write_people(28);  // ten of them are in the list
  for (const char* sort : {"", "&sort=name", "&sort=score", "&sort=-age,name"}) {
    SCOPED_TRACE(sort);
    const auto with = [&](const char* page) { return page + std::string(sort); };
    EXPECT_EQ(has_more(with("take=10")), "false");
    EXPECT_EQ(has_more(with("take=9")), "true");
    EXPECT_EQ(has_more(with("take=11")), "false");
    EXPECT_EQ(has_more(with("take=0")), "true");
    EXPECT_EQ(has_more(with("skip=9&take=1")), "false");
    EXPECT_EQ(has_more(with("skip=8&take=1")), "true");
    EXPECT_EQ(has_more(with("skip=10&take=5")), "false");
    EXPECT_EQ(has_more(with("skip=10&take=0")), "false");
    EXPECT_EQ(has_more(with("skip=1000&take=5")), "false");
    EXPECT_EQ(rows(with("skip=9&take=5")), 1u);
    EXPECT_EQ(rows(with("skip=10&take=5")), 0u);
  }
}

TEST_F(ListsTest, conditions_narrow_the_list_and_never_widen_it) {
  write_people(30);
  EXPECT_EQ(get(data_ + "?age__lte=18").at("/records/0/_id"), R"("p18")");
  EXPECT_EQ(get(data_ + "?age=3").at("/records"), "[]");
  EXPECT_EQ(
      get(data_ + "?filter=%7B%22or%22:%5B%7B%22field%22:%22age%22,%22value%22:3%7D%5D%7D").at("/records"),
      "[]");
}

TEST_F(ListsTest, columns_outside_the_list_cannot_be_asked_for_filtered_or_sorted_by) {
  expect_problem(get(data_ + "?columns=born"), 400, "invalid_argument", "columns");
  expect_problem(get(data_ + "?born__isnull=true"), 400, "invalid_argument", "born__isnull");
  expect_problem(get(data_ + "?sort=born"), 400, "invalid_argument", "sort");
  expect_problem(get(data_ + "?address.geo.lat=1"), 400, "invalid_argument", "address.geo.lat");
  expect_problem(get(data_ + "?anything=1"), 400, "invalid_argument", "anything");
}

TEST_F(ListsTest, hidden_column_is_given_only_when_named_and_may_be_filtered_by) {
  write_people(20);
  EXPECT_EQ(get(data_).at("/records/0/score"), "");
  EXPECT_EQ(get(data_ + "?columns=score,name").at("/records/0"),
            R"({"_id":"p19","score":null,"name":"name 19"})");
  EXPECT_EQ(get(data_ + "?score__isnull=true&sort=score").status, 200);
}

TEST_F(ListsTest, cursors_walk_the_list_page_by_page) {
  write_people(40);
  std::string ids;
  std::string cursor;
  do {
    const auto page = get(data_ + "?take=3&columns=name" + cursor);
    ASSERT_EQ(page.status, 200) << page.body;
    const boost::json::value shown = page.json();
    for (const auto& record : shown.at("records").as_array())
      ids += std::string(record.at("_id").as_string()) + " ";
    const auto& next = shown.at("page").at("next");
    cursor = next.is_null() ? "" : "&cursor=" + std::string(next.as_string());
  } while (!cursor.empty());
  std::string whole;
  const boost::json::value all = get(data_ + "?take=100&columns=name").json();
  for (const auto& record : all.at("records").as_array())
    whole += std::string(record.at("_id").as_string()) + " ";
  EXPECT_EQ(ids, whole);
  expect_problem(get(data_ + "?cursor=x"), 400, "invalid_argument", "cursor");
}

TEST_F(ListsTest, accept_that_nothing_fits_is_406) {
  expect_problem(get(data_, {{"Accept", "application/xml"}}), 406, "not_acceptable", "Accept");
}

TEST_F(ListsTest, wait_is_acknowledged_when_it_is_well_formed) {
  EXPECT_EQ(get(data_, {{"Prefer", "wait=5"}}).header("Preference-Applied"), "wait=5");
  EXPECT_EQ(get(data_, {{"Prefer", "wait=600"}}).header("Preference-Applied"), "wait=60");
  EXPECT_EQ(get(data_, {{"Prefer", "wait=soon"}}).header("Preference-Applied"), "");
  EXPECT_EQ(get(data_).header("Preference-Applied"), "");
}

TEST_F(ListsTest, ndjson_and_csv_carry_the_rows_of_the_json_pages) {
  std::string lines;
  for (int i = 0; i < 1200; ++i) {
    auto n = std::to_string(i);
    lines += R"({"_id":"p)" + n + R"(","age":)" + n + R"(,"name":)" +
             (i % 5 == 0   ? "null"
              : i % 5 == 1 ? R"("")"
                           : R"("n, \"q\"\r\n=1+)" + n + '"') +
             (i % 3 == 0 ? R"(,"address":{"city":"c)" + n + "\"}}" : "}") + "\n";
  }
  ASSERT_EQ(post("/v1/datasources/people/records", lines, {{"Content-Type", "application/x-ndjson"}}).status,
            200);

  boost::json::array pages;
  for (std::size_t skip = 0;; skip += 100) {
    const auto page = get(data_ + "?take=100&skip=" + std::to_string(skip)).json();
    for (const auto& record : page.at("records").as_array()) pages.push_back(record);
    if (!page.at("page").at("has_more").as_bool()) break;
  }
  ASSERT_EQ(pages.size(), 1182u);

  const auto ndjson = get(data_, {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(ndjson.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(ndjson.header("Slate-Freshness"), "static");
  boost::json::array streamed;
  std::string_view rest = ndjson.body;
  while (!rest.empty()) {
    streamed.push_back(json(rest.substr(0, rest.find('\n'))));
    rest.remove_prefix(rest.find('\n') + 1);
  }
  EXPECT_EQ(streamed, pages);

  const auto csv = get(data_, {{"Accept", "text/csv"}});
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8; header=present");
  const auto cells = parse_csv(csv.body);
  ASSERT_EQ(cells.size(), pages.size() + 1);
  EXPECT_THAT(cells.front(), ElementsAre("_id", "name", "age", "address.city"));
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const auto text = [](const boost::json::value& value) {
      return value.is_null()     ? ""
             : value.is_string() ? std::string(value.as_string())
                                 : boost::json::serialize(value);
    };
    const auto& record = pages[i].as_object();
    const auto& address = record.at("address");
    EXPECT_THAT(cells[i + 1],
                ElementsAre(text(record.at("_id")), text(record.at("name")), text(record.at("age")),
                            address.is_null() ? "" : text(address.at("city"))));
  }
}

TEST_F(ListsTest, csv_tells_null_from_the_empty_string_and_writes_lists_as_json) {
  put("/v1/lists/tagged", R"({"datasource":"people","columns":["name","tags","born","active"]})");
  post("/v1/datasources/people/records",
       R"([{"_id":"a","name":"","tags":["x","y\"z"],"born":0,"active":true},{"_id":"b,c"}])");
  EXPECT_EQ(get("/v1/lists/tagged/data", {{"Accept", "text/csv"}}).body,
            "_id,name,tags,born,active\r\n"
            "a,\"\",\"[\"\"x\"\",\"\"y\\\"\"z\"\"]\",1970-01-01T00:00:00Z,true\r\n"
            "\"b,c\",,,,\r\n");
}

TEST_F(ListsTest, streams_of_nothing_are_a_header_or_empty) {
  EXPECT_EQ(get(data_, {{"Accept", "text/csv"}}).body, "_id,name,age,address.city\r\n");
  const auto ndjson = get(data_, {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(ndjson.status, 200);
  EXPECT_EQ(ndjson.body, "");
}

TEST_F(ListsTest, stream_with_take_stops_there) {
  write_people(40);
  EXPECT_EQ(
      std::ranges::count(get(data_ + "?take=4&skip=1", {{"Accept", "application/x-ndjson"}}).body, '\n'), 4);
}

TEST_F(ListsTest, stream_reads_one_snapshot_whatever_is_written_meanwhile) {
  std::string lines;
  const std::string name(2000, 'x');
  for (int i = 18; i < 2018; ++i)
    lines += R"({"_id":"p)" + std::to_string(i) + R"(","age":)" + std::to_string(i) + R"(,"name":")" + name +
             "\"}\n";
  ASSERT_EQ(post("/v1/datasources/people/records", lines, {{"Content-Type", "application/x-ndjson"}}).status,
            200);
  std::string body;
  http::Client reader;
  const auto answer = reader.request({.url = "http://127.0.0.1:" + std::to_string(server_->port()) + data_,
                                      .headers = {{"Accept", "application/x-ndjson"}},
                                      .sink = [&](std::string_view piece) -> Result<void> {
                                        if (body.empty()) {
                                          EXPECT_EQ(remove("/v1/datasources/people/records").status, 204);
                                        }
                                        body += piece;
                                        return {};
                                      }});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(std::ranges::count(body, '\n'), 2000);
  EXPECT_EQ(get(data_).at("/records"), "[]");
}

}  // namespace
}  // namespace slate::api
