// Datasources with scope headers over HTTP: who reads what, what is said of it, and where header values are
// not.
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <optional>

#include "api/testing/api_test_base.h"
#include "loader/testing/scripted_loader.h"
#include "net/testing/held_pool.h"

namespace slate::api {
namespace {

using slate::testing::Script;
using slate::testing::ScriptedLoader;
using slate::testing::SeenCall;
using ::testing::HasSubstr;
using ::testing::Not;

class ScopedApiTest : public testing::ApiTest {
 protected:
  ScopedApiTest() {
    loader_.set_scripts([](const SeenCall& call) {
      const std::string user = call.metadata.contains("X-User") ? call.metadata.at("X-User") : "nobody";
      return Script{.rows = {{"r1", {{"name", Value("a row of " + std::to_string(user.size()))}}}}};
    });
    declare(R"("scopeHeaders":["X-User"],"forwardHeaders":["X-User"],"ttl":60)");
    const auto list = put("/v1/lists/rows", R"({"datasource":"rows","columns":["name"],"pageSize":5})");
    EXPECT_EQ(list.status, 201) << list.body;
  }
  ~ScopedApiTest() override { api_->refresher().shutdown(); }

  void declare(const std::string& settings) {
    const auto answer =
        put("/v1/datasources/rows", R"({"fields":[{"name":"name","type":"string"}],"loader":{"endpoint":")" +
                                        loader_.endpoint() + R"(",)" + settings + "}}");
    EXPECT_LT(answer.status, 300) << answer.body;
  }
  static http::Headers by(const std::string& user) { return {{"X-User", user}}; }
  std::string name(const testing::Answer& answer) { return answer.at("/records/0/name"); }

  const std::string data_ = "/v1/lists/rows/data";
  ScriptedLoader loader_{{}};
};

TEST_F(ScopedApiTest, each_caller_gets_its_own_rows) {
  const auto ann = get(data_, by("ann"));
  EXPECT_EQ(ann.status, 200) << ann.body;
  EXPECT_EQ(name(ann), R"("a row of 3")");
  EXPECT_EQ(name(get(data_, by("alice"))), R"("a row of 5")");
  EXPECT_EQ(name(get(data_, by("ann"))), R"("a row of 3")");
  EXPECT_EQ(loader_.calls(), 2u);
  EXPECT_NE(ann.at("/freshness/generation"), get(data_, by("alice")).at("/freshness/generation"));
}

TEST_F(ScopedApiTest, kept_and_unchanged_answers_of_the_callers_copy_need_no_thread_of_the_pool) {
  const auto ann = get(data_, by("ann"));
  const auto alice = get(data_, by("alice"));
  ASSERT_NE(ann.body, alice.body);
  const std::string values = "/v1/lists/rows/values/name";
  const auto distinct = get(values, by("ann"));
  auto held = std::make_optional<net::testing::HeldPool>(api_->pool(), 4);
  for (const auto& [user, first] : {std::pair("ann", ann), std::pair("alice", alice)}) {
    const auto again = get(data_, by(user));
    EXPECT_EQ(again.header("Server-Timing"), "cache;desc=hit");
    EXPECT_EQ(again.body, first.body);
    for (const char* name : {"ETag", "Vary", "Cache-Control", "Slate-Freshness", "Slate-Generation"})
      EXPECT_EQ(again.header(name), first.header(name)) << name;
    EXPECT_EQ(get(data_, {{"X-User", user}, {"If-None-Match", first.header("ETag")}}).status, 304);
  }
  EXPECT_EQ(get(values, by("ann")).body, distinct.body);
  held.reset();
  EXPECT_EQ(get(data_, {{"X-User", "bob"}, {"If-None-Match", ann.header("ETag")}}).status, 200);
}

// What opens Slate is not what a loader knows callers by, even where both come in one header.
TEST_F(ScopedApiTest, token_of_slate_names_no_copy_however_it_is_answered) {
  const http::Headers caller{{"Authorization", "Bearer 0123456789abcdef"}};
  declare(R"("scopeHeaders":["Authorization"],"forwardHeaders":["X-User"],"ttl":60)");
  EXPECT_EQ(get(data_, caller).status, 200);
  EXPECT_EQ(get(data_, caller).header("Server-Timing"), "cache;desc=hit");
  api_->context().access.list_tokens = [](std::string_view token) { return token == "0123456789abcdef"; };
  expect_problem(get(data_, caller), 400, "invalid_argument", "Authorization");
}

TEST_F(ScopedApiTest, answers_say_what_they_vary_by) {
  const auto answer = get(data_, by("ann"));
  EXPECT_EQ(answer.header("Vary"), "Accept, X-User, Accept-Encoding");
  EXPECT_EQ(answer.header("Cache-Control"), "private, no-cache");
  declare(R"("ttl":60)");
  EXPECT_EQ(get(data_).header("Vary"), "Accept, Accept-Encoding");
}

TEST_F(ScopedApiTest, request_without_the_header_is_400_naming_it) {
  expect_problem(get(data_), 400, "invalid_argument", "X-User");
  expect_problem(get(data_, by("")), 400, "invalid_argument", "X-User");
  expect_problem(get("/v1/datasources/rows/records"), 400, "invalid_argument", "X-User");
  expect_problem(get("/v1/datasources/rows/records/r1"), 400, "invalid_argument", "X-User");
  expect_problem(post("/v1/datasources/rows/query", "{}"), 400, "invalid_argument", "X-User");
  expect_problem(post("/v1/datasources/rows/explain", "{}"), 400, "invalid_argument", "X-User");
  expect_problem(post("/v1/datasources/rows/refresh", ""), 400, "invalid_argument", "X-User");
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(ScopedApiTest, administration_reads_the_copy_that_its_headers_name) {
  get(data_, by("ann"));
  EXPECT_EQ(name(get("/v1/datasources/rows/records", by("ann"))), R"("a row of 3")");
  EXPECT_EQ(get("/v1/datasources/rows/records", by("bob")).at("/records"), "[]");
  EXPECT_EQ(name(post("/v1/datasources/rows/query", "{}", by("ann"))), R"("a row of 3")");
  EXPECT_EQ(get("/v1/datasources/rows/records/r1", by("ann")).status, 200);
  EXPECT_EQ(get("/v1/datasources/rows/records/r1", by("bob")).status, 404);
  EXPECT_EQ(post("/v1/datasources/rows/explain", "{}", by("ann")).status, 200);
}

TEST_F(ScopedApiTest, refresh_is_of_the_copy_that_the_headers_name) {
  EXPECT_EQ(post("/v1/datasources/rows/refresh?wait", "", by("ann")).status, 200);
  EXPECT_EQ(get("/v1/datasources/rows/records", by("bob")).at("/records"), "[]");
  EXPECT_EQ(name(get(data_, by("ann"))), R"("a row of 3")");
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(ScopedApiTest, records_are_not_written) {
  expect_problem(post("/v1/datasources/rows/records", R"([{"_id":"a"}])"), 409, "failed_precondition");
  expect_problem(ask(http::Method::kPut, "/v1/datasources/rows/records/a", "{}", by("ann")), 409,
                 "failed_precondition");
}

TEST_F(ScopedApiTest, status_says_how_records_are_shared) {
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/sharing"), R"("by_scope")");
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/scopes"), "0");
  get(data_, by("ann"));
  get(data_, by("bob"));
  const auto status = get("/v1/datasources/rows");
  EXPECT_EQ(status.at("/status/scopes"), "2");
  EXPECT_EQ(status.at("/status/rows"), "2");
  EXPECT_EQ(status.at("/status/last_load/state"), R"("succeeded")");
  EXPECT_THAT(get("/metrics").body, HasSubstr(R"(slate_datasource_scopes{datasource="rows"} 2)"));
  EXPECT_EQ(remove("/v1/datasources/rows/records").status, 204);
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/scopes"), "0");
  declare(R"("ttl":60)");
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/sharing"), R"("shared")");
  EXPECT_THAT(get("/metrics").body, Not(HasSubstr("slate_datasource_scopes{")));
}

// Whatever Slate says, logs and stores is searched for the values that callers sent.
TEST_F(ScopedApiTest, header_values_are_nowhere) {
  const std::string canary = "canary-7f3a";
  log::configure(log::Level::kDebug, log::Format::kText);
  ::testing::internal::CaptureStderr();
  declare(R"("scopeHeaders":["X-User","X-Org"],"forwardHeaders":["X-User"],"ttl":60)");
  std::string said;
  const auto hear = [&](const testing::Answer& answer) {
    for (const auto& [name, value] : answer.headers) said += name + ": " + value + "\n";
    said += answer.body + "\n";
    return answer;
  };
  const http::Headers both{{"X-User", canary + "-user"}, {"X-Org", canary + "-org"}};
  EXPECT_EQ(hear(get(data_, both)).status, 200);
  hear(get(data_ + "?take=1&count=exact", both));
  hear(get(data_ + "?nothing=1", both));
  hear(get(data_ + "?cursor=x", both));
  hear(get(data_, {{"X-User", canary + "-user"}}));
  for (const char* format : {"text/csv", "application/x-ndjson"}) {
    http::Headers headers = both;
    headers.set("Accept", format);
    hear(get(data_, headers));
  }
  hear(post("/v1/datasources/rows/explain?analyze=true", "{}", both));
  hear(post("/v1/datasources/rows/refresh?wait", "", both));
  hear(get("/v1/datasources/rows/records", both));
  loader_.set_scripts([](const SeenCall& call) {
    return Script{.status = Code::kInternal, .message = "refused: " + call.metadata.at("X-User")};
  });
  clock_.advance(std::chrono::seconds(61));
  hear(get(data_, both));
  hear(post("/v1/datasources/rows/refresh?wait", "", both));
  hear(get(data_, {{"X-User", canary + "-other"}, {"X-Org", canary + "-org"}}));
  hear(get("/v1/datasources/rows"));
  hear(get("/v1/datasources"));
  hear(get("/metrics"));
  api_->refresher().shutdown();
  log::configure(log::Level::kOff, log::Format::kText);
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, HasSubstr("refresh finished"));
  EXPECT_THAT(said, HasSubstr("refused: "));
  EXPECT_THAT(logged, Not(HasSubstr(canary)));
  EXPECT_THAT(said, Not(HasSubstr(canary)));

  std::size_t files = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!item.is_regular_file()) continue;
    ++files;
    std::ifstream file(item.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find(canary), std::string::npos) << item.path();
    EXPECT_EQ(item.path().string().find(canary), std::string::npos);
  }
  EXPECT_GE(files, 3u);
}

}  // namespace
}  // namespace slate::api
