// Datasources and lists as JSON.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "model/json.h"
#include "model/testing/refusal.h"

namespace slate {
namespace {

namespace json = boost::json;

Result<Datasource> read_datasource(std::string_view text) {
  return datasource_from_json(parse_json(text).value());
}
Result<ListView> read_list(std::string_view text) { return list_view_from_json(parse_json(text).value()); }

class RefusedDatasourceJson : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedDatasourceJson, names_its_place) {
  const auto datasource = read_datasource(GetParam().text);
  ASSERT_FALSE(datasource.has_value());
  expect_refusal(datasource.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    DatasourceJson, RefusedDatasourceJson,
    testing::Values(
        Refusal{"array", R"([])", "", "expected an object, got an array"},
        Refusal{"no_fields", R"({"id":"a"})", "fields", "is missing"},
        Refusal{"fields_object", R"({"fields":{}})", "fields", "expected an array, got an object"},
        Refusal{"field_string", R"({"fields":["a"]})", "fields[0]", "expected an object, got a string"},
        Refusal{"id_null", R"({"id":null,"fields":[]})", "id", "expected a string, got null"},
        Refusal{"title_int", R"({"title":1,"fields":[]})", "title", "expected a string, got an int"},
        Refusal{"no_type", R"({"fields":[{"name":"a"}]})", "fields.a.type", "is missing"},
        Refusal{"type_unknown", R"({"fields":[{"name":"a","type":"int"},{"name":"b","type":"text"}]})",
                "fields.b.type", "expected string, int, float, bool, date, list or map, got \"text\""},
        Refusal{"type_kind", R"({"fields":[{"name":"a","type":{}}]})", "fields.a.type", "got an object"},
        Refusal{"indexed_string", R"({"fields":[{"name":"a","type":"int","indexed":"yes"}]})",
                "fields.a.indexed", "expected true or false, got a string"},
        Refusal{"collation_unknown", R"({"fields":[{"name":"a","type":"string","collation":"german"}]})",
                "fields.a.collation", "expected binary or nocase, got \"german\""},
        Refusal{"collation_kind", R"({"fields":[{"name":"a","type":"string","collation":true}]})",
                "fields.a.collation", "got a bool"},
        Refusal{"ttl_float", R"({"fields":[{"name":"a","type":"int","ttlSeconds":1.5}]})",
                "fields.a.ttlSeconds", "expected an int, got a float"},
        Refusal{"ttl_huge", R"({"fields":[{"name":"a","type":"int","ttlSeconds":18446744073709551615}]})",
                "fields.a.ttlSeconds", "9223372036854775807"},
        Refusal{"snake_case", R"({"fields":[{"name":"a","type":"int","ttl_seconds":1}]})",
                "fields.a.ttl_seconds", "unknown member"},
        Refusal{"element_type", R"({"fields":[{"name":"a","type":"list","items":{"type":"x"}}]})",
                "fields.a.items.type", "got \"x\""},
        Refusal{"entry_type", R"({"fields":[{"name":"a","type":"map","fields":[{"name":"b","type":"x"}]}]})",
                "fields.a.b.type", "got \"x\""},
        Refusal{"nameless_type", R"({"fields":[{"name":"a.b","type":"x"}]})", "fields[0].type", "got \"x\""},
        Refusal{"nameless_entry", R"({"fields":[{"name":"m","type":"map","fields":[{"type":"x"}]}]})",
                "fields.m[0].type", "got \"x\""},
        Refusal{"index_string", R"({"fields":[],"indexes":["a"]})", "indexes[0]", "expected an object"},
        Refusal{"index_no_fields", R"({"fields":[],"indexes":[{}]})", "indexes[0].fields", "is missing"},
        Refusal{"index_direction",
                R"({"fields":[],"indexes":[{"fields":["a",{"field":"b","direction":"DESC"}]}]})",
                "indexes[0].fields[1].direction", "expected asc or desc"},
        Refusal{"index_int", R"({"fields":[],"indexes":[{"fields":[1]}]})", "indexes[0].fields[0]",
                "expected an object"},
        Refusal{"loader_string", R"({"fields":[],"loader":"grpc://a:1"})", "loader", "expected an object"},
        Refusal{"loader_no_endpoint", R"({"fields":[],"loader":{"ttl":1}})", "loader.endpoint", "is missing"},
        Refusal{"loader_ttl", R"({"fields":[],"loader":{"endpoint":"x","ttl":"1h"}})", "loader.ttl",
                "expected an int"},
        Refusal{"loader_headers", R"({"fields":[],"loader":{"endpoint":"x","forwardHeaders":["A",2]}})",
                "loader.forwardHeaders[1]", "expected a string, got an int"},
        Refusal{"loader_mode", R"({"fields":[],"loader":{"endpoint":"x","mode":"append"}})", "loader.mode",
                "expected replace or merge"},
        Refusal{"loader_unknown_fields", R"({"fields":[],"loader":{"endpoint":"x","unknownFields":"drop"}})",
                "loader.unknownFields", "expected ignore or reject"},
        Refusal{"loader_shrink", R"({"fields":[],"loader":{"endpoint":"x","maxShrink":"10%"}})",
                "loader.maxShrink", "expected a number"},
        Refusal{"loader_scopes", R"({"fields":[],"loader":{"endpoint":"x","scopeHeaders":["X-User",7]}})",
                "loader.scopeHeaders[1]", "expected a string, got an int"},
        Refusal{"loader_max_scopes", R"({"fields":[],"loader":{"endpoint":"x","maxScopes":"many"}})",
                "loader.maxScopes", "expected an int"},
        Refusal{"loader_member", R"({"fields":[],"loader":{"endpoint":"x","forward_headers":[]}})",
                "loader.forward_headers", "unknown member"},
        Refusal{"durability", R"({"fields":[],"durability":"fsync"})", "durability", "expected sync or os"},
        Refusal{"member", R"({"fields":[],"colums":[]})", "colums", "unknown member"}),
    row_name);

constexpr std::string_view kDatasource = R"({
  "id": "prospects", "title": "Prospects",
  "fields": [
    {"name": "name", "type": "string", "collation": "nocase"},
    {"name": "status", "type": "string", "indexed": true},
    {"name": "score", "type": "float", "ttlSeconds": 86400},
    {"name": "tags", "type": "list", "items": {"type": "string"}},
    {"name": "address", "type": "map", "fields": [{"name": "city", "type": "string", "indexed": true}]}
  ],
  "indexes": [{"fields": ["status", {"field": "name", "direction": "desc"}]}],
  "loader": {"endpoint": "grpcs://loader:50051", "ttl": 3600, "forwardHeaders": ["Authorization"],
    "scopeHeaders": ["X-User", "X-Org"], "maxScopes": 20, "maxScopeBytes": 1073741824,
    "caFile": "/ca.pem", "staleWhileRevalidate": 30, "staleIfError": 60, "deadline": 100, "idleTimeout": 10,
    "mode": "merge", "unknownFields": "reject", "minRows": 10, "maxShrink": 0.5},
  "durability": "sync"
})";

TEST(DatasourceJson, every_member_is_read) {
  const auto datasource = read_datasource(kDatasource);
  ASSERT_TRUE(datasource.has_value()) << datasource.error().to_string();
  EXPECT_EQ(datasource->id, "prospects");
  EXPECT_EQ(datasource->title, "Prospects");
  ASSERT_EQ(datasource->fields.size(), 5u);
  EXPECT_EQ(datasource->fields[0].collation, Collation::kNocase);
  EXPECT_EQ(datasource->fields[1].collation, Collation::kBinary);
  EXPECT_TRUE(datasource->fields[1].indexed);
  EXPECT_EQ(datasource->fields[2].ttl_seconds, 86400);
  EXPECT_EQ(datasource->fields[3].items.at(0).type, Type::kString);
  EXPECT_EQ(datasource->fields[4].fields.at(0).name, "city");
  EXPECT_EQ(datasource->indexes.at(0).fields.at(1), (IndexField{"name", Direction::kDescending}));
  LoaderConfig loader;
  loader.endpoint = "grpcs://loader:50051";
  loader.ttl = 3600;
  loader.forward_headers = {"Authorization"};
  loader.scope_headers = {"X-User", "X-Org"};
  loader.max_scopes = 20;
  loader.max_scope_bytes = 1 << 30;
  loader.ca_file = "/ca.pem";
  loader.stale_while_revalidate = 30;
  loader.stale_if_error = 60;
  loader.deadline = 100;
  loader.idle_timeout = 10;
  loader.mode = LoadMode::kMerge;
  loader.unknown_fields = UnknownFields::kReject;
  loader.min_rows = 10;
  loader.max_shrink = 0.5;
  EXPECT_EQ(datasource->loader, loader);
  EXPECT_EQ(datasource->durability, Durability::kSync);
  EXPECT_TRUE(validate(*datasource).has_value());
}

TEST(DatasourceJson, what_is_written_is_read_back_and_the_same_as_what_was_read) {
  const auto datasource = read_datasource(kDatasource).value();
  EXPECT_EQ(to_json(datasource), parse_json(kDatasource).value());
  EXPECT_EQ(read_datasource(json::serialize(to_json(datasource))).value(), datasource);
}

TEST(DatasourceJson, defaults_are_left_out) {
  Datasource datasource;
  datasource.id = "d";
  datasource.loader = LoaderConfig();
  datasource.loader->endpoint = "grpc://a:1";
  EXPECT_EQ(json::serialize(to_json(datasource)),
            R"({"id":"d","fields":[],"loader":{"endpoint":"grpc://a:1"}})");
  EXPECT_EQ(datasource_from_json(to_json(datasource)).value(), datasource);
}

TEST(DatasourceJson, the_binary_collation_may_be_named_and_is_left_out) {
  const auto named = read_datasource(R"({"fields":[{"name":"a","type":"string","collation":"binary"}]})");
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(json::serialize(to_json(*named)), R"({"id":"","fields":[{"name":"a","type":"string"}]})");
}

TEST(DatasourceJson, an_empty_list_of_scopes_is_none) {
  const auto datasource = read_datasource(R"({"fields":[],"loader":{"endpoint":"x","scopeHeaders":[]}})");
  ASSERT_TRUE(datasource.has_value());
  EXPECT_TRUE(datasource->loader->scope_headers.empty());
  EXPECT_EQ(datasource->loader->max_scopes, 100);
}

TEST(DatasourceJson, a_member_in_another_spelling_is_hinted_at) {
  EXPECT_EQ(read_datasource(R"({"fields":[{"name":"a","type":"int","ttl_seconds":1}]})").error().hint(),
            "did you mean \"ttlSeconds\"?");
  EXPECT_EQ(read_datasource(R"({"fields":[],"index":[]})").error().hint(), "did you mean \"indexes\"?");
}

TEST(DatasourceJson, nesting_is_limited_while_reading) {
  std::string field = R"({"type":"string"})";
  for (int i = 0; i < 20; ++i) field = R"({"type":"list","items":)" + field + "}";
  const auto datasource = read_datasource(R"({"fields":[)" + field + "]}");
  ASSERT_FALSE(datasource.has_value());
  EXPECT_NE(datasource.error().message().find("8 deep"), std::string::npos);
}

class RefusedListJson : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedListJson, names_its_place) {
  const auto list = read_list(GetParam().text);
  ASSERT_FALSE(list.has_value());
  expect_refusal(list.error(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    ListJson, RefusedListJson,
    testing::Values(
        Refusal{"null", R"(null)", "", "expected an object, got null"},
        Refusal{"no_datasource", R"({"columns":["a"]})", "", "datasourceRef is missing"},
        Refusal{"two_datasources", R"({"datasource":"a","datasourceRef":{"name":"a"},"columns":["a"]})",
                "datasource", "only one"},
        Refusal{"reference_string", R"({"datasourceRef":"a","columns":["a"]})", "datasourceRef",
                "expected an object"},
        Refusal{"reference_empty", R"({"datasourceRef":{},"columns":["a"]})", "datasourceRef.name",
                "is missing"},
        Refusal{"reference_bad", R"({"datasourceRef":{"name":"_a"},"columns":["a"]})", "datasourceRef.name",
                "reserved"},
        Refusal{"id", R"({"id":"a b","datasource":"a","columns":["a"]})", "id", "character"},
        Refusal{"no_columns", R"({"datasource":"a"})", "columns", "is missing"},
        Refusal{"empty_columns", R"({"datasource":"a","columns":[]})", "columns", "1 to 1024"},
        Refusal{"column_int", R"({"datasource":"a","columns":["a",1]})", "columns[1]", "expected an object"},
        Refusal{"column_empty", R"({"datasource":"a","columns":[""]})", "columns[0]", "empty"},
        Refusal{"column_member", R"({"datasource":"a","columns":[{"field":"a","hide":true}]})",
                "columns[0].hide", "unknown member"},
        Refusal{"column_label", R"({"datasource":"a","columns":[{"field":"a","label":1}]})",
                "columns[0].label", "expected a string"},
        Refusal{"filter",
                R"({"datasource":"a","columns":["a"],"filter":{"and":[{"field":"a","op":"x","value":1}]}})",
                "filter.and[0].op", "unknown operator"},
        Refusal{"filter_null", R"({"datasource":"a","columns":["a"],"filter":null})", "filter", "got null"},
        Refusal{"sort", R"({"datasource":"a","columns":["a"],"sort":[{"field":"a","direction":1}]})",
                "sort[0].direction", "expected a string"},
        Refusal{"page_zero", R"({"datasource":"a","columns":["a"],"pageSize":0})", "pageSize", "1 to 10000"},
        Refusal{"page_large", R"({"datasource":"a","columns":["a"],"maxPageSize":10001})", "maxPageSize",
                "1 to 10000"},
        Refusal{"page_above_max", R"({"datasource":"a","columns":["a"],"pageSize":20,"maxPageSize":10})",
                "pageSize", "at most the maxPageSize of 10"},
        Refusal{"page_string", R"({"datasource":"a","columns":["a"],"pageSize":"9"})", "pageSize",
                "expected an int"},
        Refusal{"member", R"({"datasource":"a","columns":["a"],"page_size":1})", "page_size",
                "unknown member"}),
    row_name);

TEST(ListJson, what_is_written_is_read_back) {
  constexpr std::string_view kList = R"({
    "id": "active", "datasourceRef": {"name": "prospects"}, "title": "Active",
    "columns": [{"field": "name", "label": "Name"}, "address.city", {"field": "status", "hidden": true}],
    "filter": {"and": [{"field": "status", "op": "eq", "value": "active"}]},
    "sort": [{"field": "contacts_count", "direction": "desc", "nulls": "first"}],
    "pageSize": 50, "maxPageSize": 500})";
  const auto list = read_list(kList);
  ASSERT_TRUE(list.has_value()) << list.error().to_string();
  EXPECT_EQ(list->columns.at(1), (ListColumn{"address.city", "", false}));
  EXPECT_EQ(list->columns.at(2), (ListColumn{"status", "", true}));
  EXPECT_EQ(to_json(*list), parse_json(kList).value());
  EXPECT_EQ(list_view_from_json(to_json(*list)).value(), *list);
}

TEST(ListJson, the_short_form_of_the_datasource_means_the_same) {
  EXPECT_EQ(read_list(R"({"datasource":"d","columns":["a"]})").value(),
            read_list(R"({"datasourceRef":{"name":"d"},"columns":[{"field":"a"}]})").value());
}

TEST(ListJson, page_sizes_default_to_200_and_1000) {
  const auto list = read_list(R"({"datasource":"d","columns":["a"]})").value();
  EXPECT_EQ(list.page_size, 200u);
  EXPECT_EQ(list.max_page_size, 1000u);
}

TEST(ListJson, a_default_page_size_gives_way_to_the_one_that_is_given) {
  const auto small = read_list(R"({"datasource":"d","columns":["a"],"maxPageSize":100})").value();
  EXPECT_EQ(small.page_size, 100u);
  const auto large = read_list(R"({"datasource":"d","columns":["a"],"pageSize":5000})").value();
  EXPECT_EQ(large.max_page_size, 5000u);
  for (const auto& list : {small, large}) EXPECT_EQ(list_view_from_json(to_json(list)).value(), list);
}

}  // namespace
}  // namespace slate
