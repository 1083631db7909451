#include <gmock/gmock.h>

#include "api/testing/api_test_base.h"

namespace slate::api {
namespace {

using http::Method;
using ::testing::HasSubstr;

constexpr const char* kTeams = R"({"id":"teams","fields":[{"name":"name","type":"string","indexed":true}]})";

class DatasourcesTest : public testing::ApiTest {};

TEST_F(DatasourcesTest, created_datasource_is_201_with_its_place_and_status) {
  const auto answer = post("/v1/datasources", kTeams);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.header("Location"), "/v1/datasources/teams");
  EXPECT_EQ(answer.at("/id"), R"("teams")");
  EXPECT_EQ(answer.at("/saved"), R"("created")");
  EXPECT_EQ(answer.at("/status/rows"), "0");
  EXPECT_EQ(answer.at("/status/loaded_at"), "null");
  EXPECT_EQ(answer.at("/status/last_load"), "null");
}

TEST_F(DatasourcesTest, datasource_created_twice_is_409_already_exists) {
  post("/v1/datasources", kTeams);
  expect_problem(post("/v1/datasources", kTeams), 409, "already_exists", "id");
}

TEST_F(DatasourcesTest, indexed_field_with_a_ttl_is_400_naming_the_field) {
  const auto answer = post(
      "/v1/datasources", R"({"id":"t","fields":[{"name":"a","type":"int","indexed":true,"ttlSeconds":60}]})");
  expect_problem(answer, 400, "invalid_argument", "fields.a");
  EXPECT_EQ(get("/v1/datasources/t").status, 404);
}

TEST_F(DatasourcesTest, malformed_json_is_400_with_its_place) {
  const auto answer = post("/v1/datasources", "{\"id\": \"teams\",\n \"fields\": [}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.at("/detail"), HasSubstr("line 2"));
}

TEST_F(DatasourcesTest, body_that_is_no_object_is_400) {
  expect_problem(post("/v1/datasources", "[1]"), 400, "invalid_argument");
}

TEST_F(DatasourcesTest, unknown_member_is_400_naming_it) {
  expect_problem(post("/v1/datasources", R"({"id":"t","fields":[{"name":"a","type":"int"}],"colour":1})"),
                 400, "invalid_argument", "colour");
}

TEST_F(DatasourcesTest, body_of_another_media_type_is_415) {
  expect_problem(post("/v1/datasources", kTeams, {{"Content-Type", "text/yaml"}}), 415,
                 "unsupported_media_type", "Content-Type");
}

TEST_F(DatasourcesTest, datasources_are_listed_with_their_status) {
  create_people();
  write_people(3);
  post("/v1/datasources", kTeams);
  const auto answer = get("/v1/datasources");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("/datasources/0/id"), R"("people")");
  EXPECT_EQ(answer.at("/datasources/0/status/rows"), "3");
  EXPECT_EQ(answer.at("/datasources/1/id"), R"("teams")");
}

TEST_F(DatasourcesTest, put_creates_with_201_and_changes_with_200) {
  const std::string one = R"({"fields":[{"name":"a","type":"int"}]})";
  EXPECT_EQ(put("/v1/datasources/t", one).status, 201);
  const auto same = put("/v1/datasources/t", one);
  EXPECT_EQ(same.status, 200);
  EXPECT_EQ(same.at("/saved"), R"("unchanged")");
  const auto changed =
      put("/v1/datasources/t", R"({"fields":[{"name":"a","type":"int"},{"name":"b","type":"bool"}]})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.at("/saved"), R"("changed")");
  EXPECT_EQ(changed.at("/fields/1/name"), R"("b")");
}

TEST_F(DatasourcesTest, what_get_gives_may_be_put_back) {
  create_people();
  const auto before = get("/v1/datasources/people");
  const auto answer = put("/v1/datasources/people", before.body);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/saved"), R"("unchanged")");
}

TEST_F(DatasourcesTest, put_with_another_id_in_the_body_is_400) {
  expect_problem(put("/v1/datasources/other", kTeams), 400, "invalid_argument", "id");
}

TEST_F(DatasourcesTest, changed_type_with_records_and_no_loader_is_refused) {
  create_people();
  write_people(1);
  const auto answer = put("/v1/datasources/people", R"({"fields":[{"name":"age","type":"string"}]})");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_EQ(get("/v1/datasources/people").at("/status/rows"), "1");
}

TEST_F(DatasourcesTest, missing_datasource_is_404_on_every_path) {
  for (const std::string path : {"", "/records", "/records/r1"})
    expect_problem(get("/v1/datasources/nowhere" + path), 404, "not_found", "datasource");
  for (const std::string path : {"/query", "/explain"})
    expect_problem(post("/v1/datasources/nowhere" + path, "{}"), 404, "not_found", "datasource");
  expect_problem(post("/v1/datasources/nowhere/refresh", ""), 404, "not_found", "datasource");
  expect_problem(post("/v1/datasources/nowhere/records", "[]"), 404, "not_found", "datasource");
  expect_problem(post("/v1/datasources/nowhere/records", R"([{"_id":"1"}])"), 404, "not_found", "datasource");
  expect_problem(put("/v1/datasources/nowhere/records/r1", "{}"), 404, "not_found", "datasource");
  expect_problem(remove("/v1/datasources/nowhere/records"), 404, "not_found", "datasource");
  expect_problem(remove("/v1/datasources/nowhere"), 404, "not_found", "datasource");
}

TEST_F(DatasourcesTest, deleted_datasource_is_404_afterwards) {
  create_people();
  write_people(1);
  EXPECT_EQ(remove("/v1/datasources/people").status, 204);
  expect_problem(get("/v1/datasources/people"), 404, "not_found", "datasource");
  expect_problem(get("/v1/datasources/people/records"), 404, "not_found", "datasource");
}

TEST_F(DatasourcesTest, datasource_with_lists_is_409_naming_them_until_told_to_cascade) {
  create_people();
  create_people_list();
  const auto refused = remove("/v1/datasources/people");
  expect_problem(refused, 409, "in_use", "datasource");
  EXPECT_THAT(refused.at("/detail"), HasSubstr("adults"));
  expect_problem(remove("/v1/datasources/people?cascade=perhaps"), 400, "invalid_argument", "cascade");
  EXPECT_EQ(remove("/v1/datasources/people?cascade=true").status, 204);
  expect_problem(get("/v1/lists/adults"), 404, "not_found", "list");
}

TEST_F(DatasourcesTest, unknown_parameter_is_400_with_the_right_name_as_the_hint) {
  create_people();
  const auto answer = remove("/v1/datasources/people?cascades=true");
  expect_problem(answer, 400, "invalid_argument", "cascades");
  EXPECT_THAT(answer.at("/hint"), HasSubstr("cascade"));
  EXPECT_EQ(get("/v1/datasources/people").status, 200);
  expect_problem(remove("/v1/datasources/people?cascade=true&cascade=false"), 400, "invalid_argument",
                 "cascade");
}

TEST_F(DatasourcesTest, refresh_without_a_loader_is_409) {
  create_people();
  expect_problem(post("/v1/datasources/people/refresh", ""), 409, "failed_precondition");
}

TEST_F(DatasourcesTest, method_that_a_path_does_not_take_is_405_with_allow) {
  const auto answer = ask(Method::kPatch, "/v1/datasources/people", "{}");
  expect_problem(answer, 405, "method_not_allowed");
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

TEST_F(DatasourcesTest, administration_needs_its_token_and_lists_do_not) {
  create_people();
  create_people_list();
  api_->context().access.admin_tokens = [](std::string_view token) { return token == "s3cret"; };
  for (const char* sent : {"", "Bearer", "Bearer wrong!", "Bearer s3cret2", "Basic s3cret"}) {
    const auto answer = get("/v1/datasources", {{"Authorization", sent}});
    expect_problem(answer, 401, "unauthenticated");
    EXPECT_THAT(answer.header("WWW-Authenticate"), HasSubstr("Bearer"));
  }
  expect_problem(remove("/v1/lists/adults"), 401, "unauthenticated");
  expect_problem(put("/v1/datasources/people/records/1", "{}"), 401, "unauthenticated");
  EXPECT_EQ(get("/v1/datasources", {{"Authorization", "Bearer s3cret"}}).status, 200);
  EXPECT_EQ(get("/v1/lists/adults/data").status, 200);
  EXPECT_EQ(get("/v1/lists").status, 200);
}

}  // namespace
}  // namespace slate::api
