#include "cli/explain_query.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "model/json.h"
#include "model/schema.h"
#include "query/bound_query.h"
#include "query/query_json.h"

namespace slate::cli {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

const boost::json::value kDatasource = boost::json::parse(R"({"id":"orders","fields":[
  {"name":"status","type":"string"},{"name":"amount","type":"int"},{"name":"score","type":"float"},
  {"name":"open","type":"bool"},{"name":"at","type":"date"},{"name":"sizes","type":"list","items":{"type":"int"}}],
  "status":{"rows":7,"indexes":[]}})");
const boost::json::value kList = boost::json::parse(R"({"id":"open","datasource":"orders","title":"Open",
  "columns":[{"field":"status","label":"Status","type":"string"},{"field":"amount","label":"amount","type":"int"},
             {"field":"score","label":"score","type":"float","hidden":true}],
  "filter":{"field":"open","op":"eq","value":true},"sort":[{"field":"amount","direction":"desc"}],
  "page_size":50,"max_page_size":100})");

std::string body(const Parameters& parameters, const boost::json::value* list = nullptr) {
  const auto query = explain_query(parameters, kDatasource, list);
  return query ? boost::json::serialize(*query) : query.error().to_string();
}

Result<BoundQuery> bound(const std::string& body) {
  const auto datasource = boost::json::parse(R"({"id":"orders","fields":[
    {"name":"status","type":"string"},{"name":"amount","type":"int"},{"name":"score","type":"float"},
    {"name":"open","type":"bool"},{"name":"at","type":"date"},
    {"name":"sizes","type":"list","items":{"type":"int"}}]})");
  return bind(*query_from_json(boost::json::parse(body)),
              make_schema(*datasource_from_json(datasource), nullptr));
}

TEST(ExplainQuery, nothing_asked_is_the_query_for_everything) { EXPECT_EQ(body({}), "{}"); }

TEST(ExplainQuery, texts_take_the_kinds_of_their_fields) {
  EXPECT_EQ(body({{"amount", "5"}}), R"({"filter":{"field":"amount","op":"eq","value":5}})");
  EXPECT_EQ(body({{"open", "true"}}), R"({"filter":{"field":"open","op":"eq","value":true}})");
  EXPECT_EQ(body({{"status", "5"}}), R"({"filter":{"field":"status","op":"eq","value":"5"}})");
  EXPECT_EQ(body({{"status__isnull", "true"}}),
            R"({"filter":{"field":"status","op":"isnull","value":true}})");
  EXPECT_EQ(body({{"sizes", "3"}}), R"({"filter":{"field":"sizes","op":"eq","value":3}})");
  EXPECT_EQ(body({{"_id", "7"}}), R"({"filter":{"field":"_id","op":"eq","value":"7"}})");
}

TEST(ExplainQuery, every_kind_of_condition_binds_on_the_server) {
  for (const Parameters& parameters :
       std::vector<Parameters>{{{"amount__gte", "-5"}},
                               {{"amount__lt", "1.5"}},
                               {{"score__between", "-0.5,1e3"}},
                               {{"open", "false"}},
                               {{"at__gt", "2024-05-01"}},
                               {{"status__in", "a,b"}},
                               {{"sizes__in", "1,2"}},
                               {{"status__icontains", "x"}},
                               {{"sizes__empty", "true"}},
                               {{"_id__in", "1,2"}},
                               {{"filter", R"({"field":"amount","op":"eq","value":3})"}}}) {
    const auto query = bound(body(parameters));
    EXPECT_TRUE(query) << parameters.front().first << ": " << query.error().to_string();
  }
}

TEST(ExplainQuery, a_list_adds_its_filter_and_gives_sort_columns_and_page) {
  const auto query = query_from_json(boost::json::parse(body({{"amount__gt", "3"}}, &kList)));
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->take, 50U);
  EXPECT_EQ(query->columns, (std::vector<std::string>{"status", "amount"}));
  ASSERT_EQ(query->sort.size(), 1U);
  EXPECT_EQ(query->sort[0].direction, Direction::kDescending);
  ASSERT_TRUE(query->filter);
  EXPECT_EQ(query->filter->children.size(), 2U);
}

TEST(ExplainQuery, the_caller_overrules_sort_and_page_of_a_list) {
  const auto query =
      query_from_json(boost::json::parse(body({{"sort", "status"}, {"take", "7"}, {"skip", "2"}}, &kList)));
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->take, 7U);
  EXPECT_EQ(query->skip, 2U);
  EXPECT_EQ(query->sort[0].field, "status");
}

TEST(ExplainQuery, mistakes_name_the_parameter) {
  const auto unknown = explain_query({{"colour", "red"}}, kDatasource, nullptr);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().field(), "colour");
  const auto outside = explain_query({{"at__gt", "2024-01-01"}}, kDatasource, &kList);
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().reason(), Reason::kInvalidArgument);
}

TEST(ExplainQuery, strange_answers_of_a_server_are_errors) {
  const boost::json::value strange = boost::json::parse(R"({"columns":7})");
  EXPECT_FALSE(explain_query({}, boost::json::value(7), nullptr));
  EXPECT_FALSE(explain_query({}, strange, nullptr));
  EXPECT_FALSE(explain_query({}, kDatasource, &strange));
}

}  // namespace
}  // namespace slate::cli
