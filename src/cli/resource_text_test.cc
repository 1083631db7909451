#include "cli/resource_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOrders = R"({"id":"orders","title":"Orders","fields":[
  {"name":"status","type":"string","indexed":true},{"name":"score","type":"float","ttlSeconds":60},
  {"name":"tags","type":"list","items":{"type":"string"}},
  {"name":"at","type":"map","fields":[{"name":"city","type":"string","collation":"nocase"}]}],
  "loader":{"endpoint":"grpc://h:1","ttl":60},
  "status":{"rows":12,"generation":3,"bytes":4096,"loaded_at":"2024-05-01T12:00:00Z",
            "indexes":[{"name":"status","state":"ready","rows_indexed":12},
                       {"name":"at.city","state":"building","rows_indexed":5}]}})";

TEST(ResourceText, datasources_are_a_line_each) {
  boost::json::array all{boost::json::parse(kOrders), boost::json::parse(R"({"id":"x"})")};
  EXPECT_EQ(datasources_table(all),
            "NAME    ROWS  GENERATION  LOADED                LOADER      TITLE\n"
            "orders    12           3  2024-05-01T12:00:00Z  grpc://h:1  Orders\n"
            "x\n");
}

TEST(ResourceText, a_datasource_shows_its_fields_and_the_state_of_its_indexes) {
  const std::string text = datasource_text(boost::json::parse(kOrders).as_object());
  EXPECT_THAT(text, HasSubstr("rows        12\n"));
  EXPECT_THAT(text, HasSubstr("indexes     status, at.city (building, 5 rows)\n"));
  EXPECT_THAT(text, HasSubstr("\nFIELD    TYPE            INDEXED  TTL s\n"
                              "status   string          yes\n"
                              "score    float                       60\n"
                              "tags     list of string\n"
                              "at       map\n"
                              "at.city  string, nocase\n"));
}

TEST(ResourceText, a_datasource_shows_how_its_last_load_ended) {
  const auto shown = [](const char* load) {
    return datasource_text(
        boost::json::parse(R"({"id":"x","status":{"last_load":)" + std::string(load) + "}}").as_object());
  };
  EXPECT_THAT(shown(R"({"state":"succeeded","error":null})"), HasSubstr("last load   succeeded\n"));
  EXPECT_THAT(shown(R"({"state":"failed","error":{"code":"loader_unavailable","detail":"it is asleep"}})"),
              HasSubstr("last load   failed: loader_unavailable: it is asleep\n"));
  EXPECT_THAT(shown(R"({"state":"failed","error":{"code":"io","detail":"lost","hint":"look there"}})"),
              HasSubstr("last load   failed: io: lost (hint: look there)\n"));
  EXPECT_THAT(shown("null"), ::testing::Not(HasSubstr("last load")));
}

TEST(ResourceText, a_list_shows_its_sort_as_a_url_says_it) {
  const auto shown = [](const char* sort) {
    return list_text(boost::json::parse(R"({"id":"x","sort":)" + std::string(sort) + "}").as_object());
  };
  EXPECT_THAT(shown(R"([{"field":"a","direction":"desc"},{"field":"b","direction":"asc","nulls":"first"}])"),
              HasSubstr("sort        -a,b:nulls_first\n"));
  EXPECT_THAT(shown("[]"), ::testing::Not(HasSubstr("sort")));
}

TEST(ResourceText, a_list_shows_its_columns) {
  const std::string text =
      list_text(boost::json::parse(R"({"id":"open","title":"","datasource":"orders","columns":[
        {"field":"status","label":"Status","type":"string"},{"field":"score","label":"score","type":"float","hidden":true}],
        "filter":{"field":"status","op":"eq","value":"open"},"sort":[],"page_size":200})")
                    .as_object());
  EXPECT_THAT(text, HasSubstr("filter      {\"field\":\"status\",\"op\":\"eq\",\"value\":\"open\"}\n"));
  EXPECT_THAT(text, HasSubstr("COLUMN  TYPE    LABEL   HIDDEN\n"
                              "status  string  Status\n"
                              "score   float   score   yes\n"));
}

TEST(ResourceText, lists_are_a_line_each) {
  boost::json::array all{
      boost::json::parse(R"({"id":"open","datasource":"orders","columns":[{}],"title":"Open"})")};
  EXPECT_EQ(lists_table(all), "NAME  DATASOURCE  COLUMNS  TITLE\nopen  orders            1  Open\n");
}

TEST(ResourceText, strange_answers_are_survived) {
  EXPECT_NE(datasource_text({}), "");
  EXPECT_NE(list_text({}), "");
  boost::json::array strange{1, nullptr, boost::json::parse(R"({"id":[1],"status":7,"columns":"x"})")};
  EXPECT_NE(datasources_table(strange), "");
  EXPECT_NE(lists_table(strange), "");
}

}  // namespace
}  // namespace slate::cli
