#include <gmock/gmock.h>

#include "api/testing/api_test_base.h"
#include "http/url.h"

namespace slate::api {
namespace {

using http::Method;
using ::testing::HasSubstr;
using testing::json;

const http::Headers kNdjson{{"Content-Type", "application/x-ndjson"}};

class RecordsTest : public testing::ApiTest {
 protected:
  RecordsTest() { create_people(); }

  static std::string record(const std::string& id) {
    return "/v1/datasources/people/records/" + http::escape(id);
  }
  std::string rows() { return get("/v1/datasources/people").at("/status/rows"); }

  const std::string records_ = "/v1/datasources/people/records";
};

TEST_F(RecordsTest, array_is_written_in_one_transaction_and_counted) {
  write_people(1);
  const auto answer = post(records_, R"([{"_id":"p0","age":9},{"_id":"a"},{"_id":"b","name":"B"}])");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json(), json(R"({"records":3,"inserted":2,"updated":1,"transactions":1})"));
}

TEST_F(RecordsTest, empty_array_writes_nothing) {
  EXPECT_EQ(post(records_, "[]").json(), json(R"({"records":0,"inserted":0,"updated":0,"transactions":0})"));
}

TEST_F(RecordsTest, ndjson_passes_over_blank_lines) {
  const auto answer = post(records_, "\n{\"_id\":\"a\"}\r\n\n{\"_id\":\"b\"}", kNdjson);
  EXPECT_EQ(answer.at("/inserted"), "2") << answer.body;
}

TEST_F(RecordsTest, malformed_line_is_named_and_nothing_is_written) {
  const auto answer = post(records_, "{\"_id\":\"a\"}\n\n{\"_id\":\"b\"\n{\"_id\":\"c\"}\n", kNdjson);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.at("/detail"), HasSubstr("line 3: not valid JSON: column 11: the text ends too early"));
  EXPECT_EQ(rows(), "0");
}

TEST_F(RecordsTest, line_with_a_wrong_type_is_named_with_its_field_and_nothing_is_written) {
  const auto answer = post(records_, "{\"_id\":\"a\"}\n{\"_id\":\"b\",\"age\":\"old\"}\n", kNdjson);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.at("/detail"), HasSubstr("line 2"));
  EXPECT_THAT(answer.at("/field"), HasSubstr("age"));
  EXPECT_EQ(rows(), "0");
}

TEST_F(RecordsTest, element_with_an_unknown_column_is_named_and_nothing_is_written) {
  const auto answer = post(records_, R"([{"_id":"a"},{"_id":"b","agee":1}])");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.at("/detail"), HasSubstr("record [1]"));
  EXPECT_THAT(answer.at("/field"), HasSubstr("agee"));
  EXPECT_EQ(rows(), "0");
}

TEST_F(RecordsTest, record_without_a_proper_id_is_refused) {
  for (const char* body : {R"([{"name":"x"}])", R"([{"_id":7}])", R"([{"_id":""}])", R"([{"_id":null}])"}) {
    const auto answer = post(records_, body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.at("/detail"), HasSubstr("record [0]")) << body;
  }
  EXPECT_EQ(post(records_, "[7]").status, 400);
  EXPECT_EQ(post(records_, R"({"_id":"a"})").status, 400);
  EXPECT_EQ(rows(), "0");
}

TEST_F(RecordsTest, split_ndjson_keeps_the_transactions_before_the_bad_line) {
  std::string lines;
  for (int i = 0; i < 7; ++i) lines += "{\"_id\":\"r" + std::to_string(i) + "\"}\n";
  EXPECT_EQ(post(records_ + "?batch=2", lines, kNdjson).at("/transactions"), "4");
  remove(records_);
  const auto answer = post(records_ + "?batch=2", lines + "{\"_id\":\"bad\",\"age\":1.5}\n", kNdjson);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.at("/detail"), HasSubstr("line 8"));
  EXPECT_THAT(answer.at("/detail"), HasSubstr("6 records before it were written"));
  EXPECT_EQ(rows(), "6");
}

TEST_F(RecordsTest, batch_that_is_whole_multiples_is_counted_right) {
  EXPECT_EQ(post(records_ + "?batch=1", "{\"_id\":\"a\"}\n{\"_id\":\"b\"}\n", kNdjson).json(),
            json(R"({"records":2,"inserted":2,"updated":0,"transactions":2})"));
}

TEST_F(RecordsTest, batch_is_for_ndjson_and_a_whole_number) {
  expect_problem(post(records_ + "?batch=2", "[]"), 400, "invalid_argument", "batch");
  expect_problem(post(records_ + "?batch=0", "{}", kNdjson), 400, "invalid_argument", "batch");
  expect_problem(post(records_ + "?batch=ten", "{}", kNdjson), 400, "invalid_argument", "batch");
}

TEST_F(RecordsTest, merge_keeps_other_cells_and_replace_does_not) {
  post(records_, R"([{"_id":"a","name":"A","age":1}])");
  post(records_, R"([{"_id":"a","age":2}])");
  EXPECT_EQ(get(record("a")).at("/name"), R"("A")");
  EXPECT_EQ(post(records_ + "?mode=replace", R"([{"_id":"a","age":3}])").status, 200);
  EXPECT_EQ(get(record("a")).at("/name"), "null");
  EXPECT_EQ(get(record("a")).at("/age"), "3");
  expect_problem(post(records_ + "?mode=upsert", "[]"), 400, "invalid_argument", "mode");
}

TEST_F(RecordsTest, record_of_every_type_comes_back_as_it_was_written) {
  const auto answer = put(record("x"), R"({"name":"Ünïcode \"q\" \\ \n","age":9007199254740993,"score":0.1,
      "active":false,"born":"1969-07-20T20:17:40+00:00","tags":["a","",",\""],
      "address":{"city":"Ghent","geo":{"lat":-51.5}}})");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(
      answer.body,
      R"({"_id":"x","name":"Ünïcode \"q\" \\ \n","age":9007199254740993,"score":0.1,"active":false,)"
      R"("born":"1969-07-20T20:17:40Z","tags":["a","",",\""],"address":{"city":"Ghent","geo":{"lat":-51.5}}})");
}

TEST_F(RecordsTest, map_without_any_value_is_null_and_one_with_some_is_an_object) {
  put(record("x"), "{}");
  EXPECT_EQ(get(record("x")).at("/address"), "null");
  put(record("x"), R"({"address":{"city":"Ghent"}})");
  EXPECT_EQ(get(record("x")).at("/address"), R"({"city":"Ghent","geo":null})");
}

TEST_F(RecordsTest, put_creates_with_201_and_a_place_then_replaces_with_200) {
  const auto created = put(record("a/b?c"), R"({"_id":"a/b?c","name":"A","age":1})");
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.header("Location"), "/v1/datasources/people/records/a%2Fb%3Fc");
  const auto replaced = put(record("a/b?c"), R"({"age":2})");
  EXPECT_EQ(replaced.status, 200);
  EXPECT_EQ(replaced.at("/name"), "null");
}

TEST_F(RecordsTest, ids_of_any_character_and_of_1024_bytes_are_reached) {
  for (const std::string& id : {std::string("a b"), std::string("50%"), std::string("日本/語"),
                                std::string("..."), std::string(1024, 'x')}) {
    EXPECT_EQ(put(record(id), R"({"age":1})").status, 201) << id;
    EXPECT_EQ(get(record(id)).json().at("_id").as_string(), id);
    EXPECT_EQ(remove(record(id)).status, 204) << id;
  }
  EXPECT_EQ(put(record(std::string(1025, 'x')), "{}").status, 400);
}

TEST_F(RecordsTest, body_with_another_id_than_the_path_is_400) {
  const auto answer = put(record("a"), R"({"_id":"b"})");
  expect_problem(answer, 400, "invalid_argument", "_id");
  EXPECT_EQ(answer.json().at("detail").as_string(), R"(the path says "a", the body "b")");
  expect_problem(put(record("7"), R"({"_id":7})"), 400, "invalid_argument", "_id");
}

TEST_F(RecordsTest, patch_merges_and_null_removes) {
  put(record("a"), R"({"name":"A","age":1,"tags":["x"]})");
  const auto answer = ask(Method::kPatch, record("a"), R"({"age":2,"name":null})",
                          {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/age"), "2");
  EXPECT_EQ(answer.at("/name"), "null");
  EXPECT_EQ(answer.at("/tags"), R"(["x"])");
}

constexpr std::string_view kMergePatch = "application/merge-patch+json";

// RFC 7396, for what records may hold: of a map, too, only what is named changes.
TEST_F(RecordsTest, a_merge_patch_goes_into_maps) {
  const auto patched = [&](std::string patch) {
    const auto answer =
        ask(Method::kPatch, record("a"), std::move(patch), {{"Content-Type", std::string(kMergePatch)}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, get(record("a")).body);
    return answer.at("/address");
  };
  put(record("a"), R"({"name":"A","tags":["x"],"address":{"city":"Paris","geo":{"lat":48}}})");
  EXPECT_EQ(patched(R"({"address":{"city":"Lyon"}})"), R"({"city":"Lyon","geo":{"lat":48}})");
  EXPECT_EQ(patched(R"({"address":{"geo":{"lat":45}},"name":null})"), R"({"city":"Lyon","geo":{"lat":45}})");
  EXPECT_EQ(patched(R"({"address":{},"tags":["y"]})"), R"({"city":"Lyon","geo":{"lat":45}})");
  EXPECT_EQ(patched(R"({"address":{"city":null}})"), R"({"city":null,"geo":{"lat":45}})");
  EXPECT_EQ(patched(R"({"address":{"city":"Bonn","geo":null}})"), R"({"city":"Bonn","geo":null})");
  EXPECT_EQ(patched(R"({"address":null})"), "null");
  EXPECT_EQ(patched(R"({"address":{"geo":{"lat":2}}})"), R"({"city":null,"geo":{"lat":2}})");
  EXPECT_EQ(get(record("a")).at("/tags"), R"(["y"])");
  EXPECT_EQ(get(record("a")).at("/name"), "null");
}

TEST_F(RecordsTest, a_wrong_merge_patch_is_refused_by_the_path_of_what_is_wrong) {
  put(record("a"), R"({"name":"A","address":{"city":"Paris"}})");
  const auto before = get(record("a")).body;
  const std::pair<const char*, const char*> wrongs[] = {
      {R"({"nothing":{}})", "nothing"},
      {R"({"name":{}})", "name"},
      {R"({"address":5})", "address"},
      {R"({"address":{"zip":1}})", "address.zip"},
      {R"({"address":{"zip":{}}})", "address.zip"},
      {R"({"address":{"geo":5}})", "address.geo"},
      {R"({"address":{"geo":{"lat":"n"}}})", "address.geo.lat"}};
  for (const auto& [patch, path] : wrongs)
    expect_problem(ask(Method::kPatch, record("a"), patch, {{"Content-Type", std::string(kMergePatch)}}), 400,
                   "invalid_argument", path);
  EXPECT_EQ(get(record("a")).body, before);
  expect_problem(ask(Method::kPatch, record("a"), "[]", {{"Content-Type", std::string(kMergePatch)}}), 400,
                 "invalid_argument");
  expect_problem(ask(Method::kPatch, "/v1/datasources/none/records/a", R"({"a":{}})",
                     {{"Content-Type", std::string(kMergePatch)}}),
                 404, "not_found", "datasource");
}

TEST_F(RecordsTest, cells_of_plain_json_replace_a_map_whole) {
  put(record("a"), R"({"address":{"city":"Paris","geo":{"lat":48}}})");
  EXPECT_EQ(ask(Method::kPatch, record("a"), R"({"address":{"city":"Lyon"}})").at("/address"),
            R"({"city":"Lyon","geo":null})");
  EXPECT_EQ(ask(Method::kPatch, record("a"), R"({"address.geo":{"lat":1}})").at("/address"),
            R"({"city":"Lyon","geo":{"lat":1}})");
}

TEST_F(RecordsTest, only_patch_takes_a_merge_patch) {
  expect_problem(ask(Method::kPut, record("a"), R"({"age":2})", {{"Content-Type", std::string(kMergePatch)}}),
                 415, "unsupported_media_type", "Content-Type");
}

TEST_F(RecordsTest, patch_of_a_missing_record_is_404_and_creates_none) {
  expect_problem(ask(Method::kPatch, record("a"), R"({"age":2})"), 404, "not_found");
  EXPECT_EQ(rows(), "0");
}

TEST_F(RecordsTest, unknown_column_and_wrong_type_are_400_naming_the_field) {
  const auto unknown = put(record("a"), R"({"agee":2})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.at("/field"), HasSubstr("agee"));
  const auto wrong = put(record("a"), R"({"age":"two"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.at("/field"), HasSubstr("age"));
  EXPECT_EQ(get(record("a")).status, 404);
}

TEST_F(RecordsTest, deleted_record_is_404_and_so_is_deleting_it_again) {
  put(record("a"), "{}");
  EXPECT_EQ(remove(record("a")).status, 204);
  expect_problem(get(record("a")), 404, "not_found");
  expect_problem(remove(record("a")), 404, "not_found");
}

TEST_F(RecordsTest, deleting_all_records_leaves_the_datasource) {
  write_people(5);
  EXPECT_EQ(remove(records_).status, 204);
  EXPECT_EQ(rows(), "0");
  EXPECT_EQ(get(record("p1")).status, 404);
}

TEST_F(RecordsTest, updated_index_entry_is_found_under_its_new_value_only) {
  post(records_, R"([{"_id":"a","name":"active"}])");
  ask(Method::kPatch, record("a"), R"({"name":"rejected"})");
  EXPECT_EQ(get(records_ + "?name=active").at("/records"), "[]");
  EXPECT_EQ(get(records_ + "?name=rejected").at("/records/0/_id"), R"("a")");
}

TEST_F(RecordsTest, records_of_another_media_type_are_415) {
  expect_problem(post(records_, "a,b", {{"Content-Type", "text/csv"}}), 415, "unsupported_media_type",
                 "Content-Type");
}

}  // namespace
}  // namespace slate::api
