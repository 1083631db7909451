// Lists over datasources with a loader: first loads, waiting, staleness, failures.
#include <future>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "api/testing/api_test_base.h"
#include "http/testing/raw_socket.h"
#include "loader/testing/scripted_loader.h"

namespace slate::api {
namespace {

using http::testing::RawSocket;
using slate::testing::numbered_rows;
using slate::testing::ScriptedLoader;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class LoadingTest : public testing::ApiTest {
 protected:
  LoadingTest() { declare(R"("ttl":60)"); }

  void declare(const std::string& settings) {
    const auto datasource =
        put("/v1/datasources/rows", R"({"fields":[{"name":"number","type":"int","indexed":true},
        {"name":"name","type":"string"}],"loader":{"endpoint":")" +
                                        loader_.endpoint() + R"(",)" + settings + "}}");
    EXPECT_LT(datasource.status, 300) << datasource.body;
    const auto list =
        put("/v1/lists/rows",
            R"({"datasource":"rows","columns":["number","name"],"sort":["number"],"pageSize":5})");
    EXPECT_LT(list.status, 300) << list.body;
  }
  testing::Answer data(http::Headers headers = {}) { return get(data_, std::move(headers)); }
  // Until the load that runs has ended.
  testing::Answer ended_load(const std::string& place) {
    for (;;) {
      auto answer = get(place);
      if (answer.status != 200 || answer.at("/state") != R"("loading")") return answer;
      std::this_thread::yield();
    }
  }

  const std::string data_ = "/v1/lists/rows/data";
  ScriptedLoader loader_{{.rows = numbered_rows(10)}};
};

TEST_F(LoadingTest, first_request_loads_and_answers_fresh) {
  const auto answer = data();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/records/4"), R"({"_id":"r4","number":4,"name":"row 4"})");
  EXPECT_EQ(answer.at("/page/has_more"), "true");
  EXPECT_EQ(answer.at("/freshness/state"), R"("fresh")");
  EXPECT_EQ(answer.at("/freshness/loaded_at"), R"("2023-11-14T22:13:20Z")");
  EXPECT_EQ(answer.at("/freshness/expires_at"), R"("2023-11-14T22:14:20Z")");
  EXPECT_EQ(answer.at("/freshness/error"), "null");
  EXPECT_EQ(data().status, 200);
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(LoadingTest, loader_gets_exactly_the_forwarded_headers_and_the_trace) {
  declare(R"("forwardHeaders":["X-SF-Token","Authorization","X-Absent"])");
  data({{"x-sf-token", "t0ken"},
        {"AUTHORIZATION", "Bearer abc"},
        {"Cookie", "secret"},
        {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"X-Request-Id", "req-7"}});
  const auto call = loader_.last_call();
  ASSERT_TRUE(call);
  EXPECT_EQ(call->datasource, "rows");
  EXPECT_THAT(call->metadata, ElementsAre(Pair("Authorization", "Bearer abc"), Pair("X-SF-Token", "t0ken")));
  EXPECT_EQ(call->grpc_metadata.count("cookie"), 0u);
  EXPECT_EQ(call->grpc_metadata.find("x-request-id")->second, "req-7");
}

TEST_F(LoadingTest, tokens_of_slate_do_not_reach_a_loader) {
  declare(R"("forwardHeaders":["Authorization"])");
  api_->context().access.list_tokens = [](std::string_view token) { return token == "readers"; };
  EXPECT_EQ(data({{"Authorization", "Bearer readers"}}).status, 200);
  EXPECT_THAT(loader_.last_call()->metadata, ElementsAre());
  EXPECT_EQ(remove("/v1/datasources/rows/records").status, 204);
  EXPECT_EQ(data({{"Slate-Token", "readers"}, {"Authorization", "Bearer upstream"}}).status, 200);
  EXPECT_THAT(loader_.last_call()->metadata, ElementsAre(Pair("Authorization", "Bearer upstream")));
  expect_problem(data({{"Authorization", "Bearer upstream"}}), 401, "unauthenticated");
}

TEST_F(LoadingTest, request_with_two_authorizations_is_refused_and_loads_nothing) {
  declare(R"("forwardHeaders":["Authorization"])");
  api_->context().access.list_tokens = [](std::string_view token) { return token == "readers"; };
  const auto refused = data({{"Authorization", "Bearer readers"}, {"Authorization", "Bearer upstream"}});
  expect_problem(refused, 400, "invalid_argument", "Authorization");
  EXPECT_FALSE(loader_.last_call());
}

TEST_F(LoadingTest, slates_own_header_is_refused_where_a_datasource_is_declared) {
  for (const char* member : {"forwardHeaders", "scopeHeaders"}) {
    const auto refused = put("/v1/datasources/own", R"({"fields":[],"loader":{"endpoint":"grpc://l:1",")" +
                                                        std::string(member) + R"(":["X-A","slate-token"]}})");
    expect_problem(refused, 400, "invalid_argument", "loader." + std::string(member) + "[1]");
  }
}

TEST_F(LoadingTest, load_longer_than_the_wait_is_202_with_its_place) {
  loader_.hold();
  const auto answer = data({{"Prefer", "wait=0"}});
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.at("/state"), R"("loading")");
  EXPECT_EQ(answer.at("/rows_loaded"), "0");
  EXPECT_EQ(answer.at("/started_at"), R"("2023-11-14T22:13:20Z")");
  EXPECT_EQ(answer.header("Preference-Applied"), "wait=0");
  EXPECT_EQ(answer.header("Retry-After"), "1");
  const std::string place = answer.header("Location");
  EXPECT_EQ('"' + place + '"', R"("/v1/loads/)" + answer.at("/id").substr(1));
  EXPECT_EQ(get(place).at("/state"), R"("loading")");
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/last_load/state"), R"("loading")");

  loader_.release();
  const auto ended = ended_load(place);
  EXPECT_EQ(ended.at("/state"), R"("succeeded")") << ended.body;
  EXPECT_EQ(ended.at("/rows_loaded"), "10");
  EXPECT_EQ(ended.at("/error"), "null");
  EXPECT_EQ(data({{"Prefer", "wait=0"}}).status, 200);
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(LoadingTest, unknown_load_is_404) { expect_problem(get("/v1/loads/none"), 404, "not_found"); }

TEST_F(LoadingTest, a_thousand_cold_requests_cause_one_load_and_hold_no_thread) {
  constexpr std::size_t kRequests = 1000;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  loader_.hold();
  std::vector<RawSocket> sockets;
  sockets.reserve(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(sockets.emplace_back(server_->port()).connected());
    sockets.back().send("GET " + data_ + " HTTP/1.1\r\nHost: x\r\nPrefer: wait=60\r\n\r\n");
  }
  ASSERT_TRUE(loader_.wait_for_calls(1));
  // Other work goes on while they wait.
  EXPECT_EQ(get("/v1/lists/rows").status, 200);
  loader_.release();
  std::size_t served = 0;
  for (RawSocket& socket : sockets) {
    const auto answer = socket.read_response();
    if (answer.status == 200 && answer.body.find(R"("r4")") != std::string::npos) ++served;
  }
  EXPECT_EQ(served, kRequests);
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(LoadingTest, wrong_request_is_refused_before_anything_is_loaded) {
  EXPECT_EQ(get(data_ + "?nothing=1").status, 400);
  EXPECT_EQ(get(data_ + "?number=many").status, 400);
  EXPECT_EQ(get(data_ + "?take=100000").status, 400);
  EXPECT_EQ(get(data_, {{"Accept", "image/png"}}).status, 406);
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(LoadingTest, cold_list_whose_loader_fails_is_502_with_its_message_and_then_backs_off) {
  loader_.set_script({.status = Code::kInternal, .message = "upstream is on fire"});
  const auto first = data();
  expect_problem(first, 502, "loader_failed");
  EXPECT_THAT(first.at("/detail"), HasSubstr("upstream is on fire"));
  const auto second = data();
  expect_problem(second, 502, "loader_failed");
  EXPECT_THAT(second.at("/detail"), HasSubstr("upstream is on fire"));
  EXPECT_NE(second.header("Retry-After"), "");
  EXPECT_EQ(loader_.calls(), 1u);
  EXPECT_EQ(get("/v1/datasources/rows").at("/status/last_load/error/code"), R"("loader_failed")");
}

TEST_F(LoadingTest, cold_list_whose_loader_stalls_is_504) {
  declare(R"("idleTimeout":1)");
  loader_.set_script({.rows = numbered_rows(3), .stall_after = 2});
  expect_problem(data(), 504, "loader_timeout");
}

TEST_F(LoadingTest, cold_list_whose_loader_cannot_be_reached_is_502) {
  put("/v1/datasources/rows", R"({"fields":[{"name":"number","type":"int","indexed":true},
      {"name":"name","type":"string"}],"loader":{"endpoint":"grpc://127.0.0.1:1"}})");
  expect_problem(data(), 502, "loader_unavailable");
}

TEST_F(LoadingTest, who_reads_lists_is_told_what_the_loader_says_and_not_where_it_is) {
  api_->context().access.admin_tokens = [](std::string_view token) { return token == "admins"; };
  const http::Headers admin{{"Slate-Token", "admins"}};
  loader_.set_script({.status = Code::kUnavailable, .message = "closed for lunch"});
  const auto own_words = data();
  expect_problem(own_words, 502, "loader_unavailable");
  EXPECT_THAT(own_words.at("/detail"), HasSubstr("closed for lunch"));

  const auto moved = ask(http::Method::kPut, "/v1/datasources/rows",
                         R"({"fields":[{"name":"number","type":"int","indexed":true},
      {"name":"name","type":"string"}],"loader":{"endpoint":"grpc://127.0.0.1:1"}})",
                         admin);
  ASSERT_EQ(moved.status, 200) << moved.body;
  const auto answer = data();
  expect_problem(answer, 502, "loader_unavailable");
  EXPECT_THAT(answer.body, Not(HasSubstr("127.0.0.1")));
  const auto status = get("/v1/datasources/rows", admin);
  EXPECT_THAT(status.at("/status/last_load/error/hint"), HasSubstr("127.0.0.1:1"));
  const auto id = status.at("/status/last_load/id");
  const auto load = get("/v1/loads/" + id.substr(1, id.size() - 2));
  EXPECT_EQ(load.at("/error/code"), R"("loader_unavailable")") << load.body;
  EXPECT_THAT(load.body, Not(HasSubstr("127.0.0.1")));
  EXPECT_THAT(ask(http::Method::kPost, "/v1/datasources/rows/refresh?wait", "", admin).at("/hint"),
              HasSubstr("127.0.0.1:1"));
}

TEST_F(LoadingTest, refused_credentials_are_401_for_that_caller_alone) {
  declare(R"("forwardHeaders":["Authorization"])");
  loader_.set_script({.rows = numbered_rows(10),
                      .refused_tokens = {{"bad", Code::kUnauthenticated}, {"low", Code::kPermissionDenied}}});
  expect_problem(data({{"Authorization", "bad"}}), 401, "unauthenticated");
  expect_problem(data({{"Authorization", "low"}}), 403, "permission_denied");
  EXPECT_EQ(data({{"Authorization", "good"}}).status, 200);
}

TEST_F(LoadingTest, failed_refresh_serves_the_old_rows_as_stale_with_the_reason) {
  data();
  loader_.set_script({.rows = numbered_rows(3), .status = Code::kUnavailable, .message = "closed for lunch"});
  clock_.advance(std::chrono::seconds(61));
  const auto answer = data();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/freshness/state"), R"("stale")");
  EXPECT_EQ(answer.at("/freshness/loaded_at"), R"("2023-11-14T22:13:20Z")");
  EXPECT_EQ(answer.at("/freshness/expires_at"), R"("2023-11-14T22:14:20Z")");
  EXPECT_THAT(answer.at("/freshness/error/detail"), HasSubstr("closed for lunch"));
  EXPECT_EQ(answer.json().at("records").as_array().size(), 5u);
  for (const char* format : {"application/x-ndjson", "text/csv"})
    EXPECT_EQ(data({{"Accept", format}}).header("Slate-Freshness"), "stale");
  EXPECT_EQ(loader_.calls(), 2u);
}

TEST_F(LoadingTest, expired_rows_are_not_served_before_the_refresh_has_ended) {
  data();
  loader_.set_script({.rows = numbered_rows(2)});
  clock_.advance(std::chrono::seconds(61));
  const auto answer = data();
  EXPECT_EQ(answer.at("/freshness/state"), R"("fresh")");
  EXPECT_EQ(answer.json().at("records").as_array().size(), 2u);
}

TEST_F(LoadingTest, stale_rows_are_served_at_once_while_a_refresh_runs_where_that_is_allowed) {
  declare(R"("ttl":60,"staleWhileRevalidate":3600)");
  data();
  loader_.hold();
  clock_.advance(std::chrono::seconds(61));
  const auto answer = data();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("/freshness/state"), R"("stale")");
  EXPECT_EQ(answer.at("/freshness/error"), "null");
  ASSERT_TRUE(loader_.wait_for_calls(2));
  loader_.release();
  const auto load = get("/v1/datasources/rows").at("/status/last_load/id");
  EXPECT_EQ(ended_load("/v1/loads/" + load.substr(1, load.size() - 2)).at("/state"), R"("succeeded")");
  EXPECT_EQ(data().at("/freshness/state"), R"("fresh")");
}

TEST_F(LoadingTest, stream_of_a_cold_list_waits_for_its_load) {
  const auto answer = data({{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Slate-Freshness"), "fresh");
  EXPECT_EQ(std::ranges::count(answer.body, '\n'), 10);
}

TEST_F(LoadingTest, refresh_is_202_with_the_load) {
  loader_.hold();
  const auto answer = post("/v1/datasources/rows/refresh", "");
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.at("/state"), R"("loading")");
  loader_.release();
  EXPECT_EQ(ended_load(answer.header("Location")).at("/state"), R"("succeeded")");
}

TEST_F(LoadingTest, refresh_that_waits_is_200_or_the_loaders_problem) {
  data();
  const auto answer = post("/v1/datasources/rows/refresh?wait=60", "");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/state"), R"("succeeded")");
  EXPECT_EQ(loader_.calls(), 2u);
  loader_.set_script({.status = Code::kNotFound, .message = "no such table"});
  const auto failed = post("/v1/datasources/rows/refresh?wait", "");
  expect_problem(failed, 502, "loader_failed");
  EXPECT_THAT(failed.at("/detail"), HasSubstr("no such table"));
  expect_problem(post("/v1/datasources/rows/refresh?wait=61", ""), 400, "invalid_argument", "wait");
}

TEST_F(LoadingTest, dropped_data_is_loaded_again) {
  data();
  EXPECT_EQ(remove("/v1/datasources/rows/records").status, 204);
  EXPECT_EQ(data().at("/freshness/state"), R"("fresh")");
  EXPECT_EQ(loader_.calls(), 2u);
}

TEST_F(LoadingTest, datasource_deleted_while_a_request_waits_is_404_for_it) {
  loader_.hold();
  RawSocket waiting(server_->port());
  waiting.send("GET " + data_ + " HTTP/1.1\r\nHost: x\r\nPrefer: wait=60\r\n\r\n");
  ASSERT_TRUE(loader_.wait_for_calls(1));
  EXPECT_EQ(remove("/v1/datasources/rows?cascade=true").status, 204);
  loader_.release();
  EXPECT_EQ(waiting.read_response().status, 404);
}

TEST_F(LoadingTest, administration_reads_what_is_there_and_loads_nothing) {
  const auto answer = get("/v1/datasources/rows/records");
  EXPECT_EQ(answer.at("/records"), "[]");
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(LoadingTest, metrics_tell_of_requests_datasources_and_loads) {
  data();
  loader_.set_script({.status = Code::kInternal});
  clock_.advance(std::chrono::seconds(61));
  data();
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.header("Content-Type"), HasSubstr("text/plain"));
  EXPECT_THAT(answer.body, HasSubstr(R"(slate_load_attempts_total{datasource="rows",result="published"} 1)"));
  EXPECT_THAT(answer.body, HasSubstr(R"(slate_load_attempts_total{datasource="rows",result="given_up"} 1)"));
  EXPECT_THAT(answer.body, HasSubstr(R"(slate_loaded_rows_total{datasource="rows"} 10)"));
  EXPECT_THAT(answer.body, HasSubstr(R"(slate_datasource_rows{datasource="rows"} 10)"));
  EXPECT_THAT(answer.body,
              HasSubstr(R"(slate_datasource_loaded_timestamp_seconds{datasource="rows"} 1700000000)"));
  EXPECT_THAT(
      answer.body,
      HasSubstr(R"(slate_http_requests_total{method="GET",route="/v1/lists/{id}/data",status="200"})"));
  EXPECT_THAT(answer.body, HasSubstr("slate_http_request_duration_seconds_bucket"));
}

TEST_F(LoadingTest, stale_answer_has_another_etag_than_the_fresh_one_and_starts_its_refresh) {
  declare(R"("ttl":60,"staleWhileRevalidate":600)");
  const auto fresh = data();
  EXPECT_EQ(data({{"If-None-Match", fresh.header("ETag")}}).status, 304);
  clock_.advance(std::chrono::seconds(61));
  loader_.hold();
  const auto stale = data({{"If-None-Match", fresh.header("ETag")}});
  EXPECT_EQ(stale.status, 200) << "the freshness that is shown has changed";
  EXPECT_EQ(stale.header("Slate-Freshness"), "stale");
  ASSERT_TRUE(loader_.wait_for_calls(2));
  EXPECT_EQ(data({{"If-None-Match", stale.header("ETag")}}).status, 304);
  loader_.release();
}

TEST_F(LoadingTest, values_load_like_rows_and_wrong_ones_load_nothing) {
  expect_problem(get("/v1/lists/rows/values/nothing"), 400, "invalid_argument", "nothing");
  EXPECT_EQ(loader_.calls(), 0u);
  const auto values = get("/v1/lists/rows/values/number?take=2");
  EXPECT_EQ(values.at("/values"), R"([{"value":0,"count":1},{"value":1,"count":1}])") << values.body;
  EXPECT_EQ(values.at("/freshness/state"), R"("fresh")");
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(LoadingTest, grid_request_loads_too) {
  const auto rows = post("/v1/lists/rows/rows", R"({"startRow":8,"endRow":20})");
  EXPECT_EQ(rows.at("/rowCount"), "10") << rows.body;
  EXPECT_EQ(rows.at("/freshness/state"), R"("fresh")");
}

TEST_F(LoadingTest, progress_comes_as_events_until_the_end_and_holds_no_thread) {
  loader_.hold();
  const std::string place = data({{"Prefer", "wait=0"}}).header("Location");
  std::vector<RawSocket> listeners;
  for (int i = 0; i < 20; ++i) {
    listeners.emplace_back(server_->port());
    listeners.back().send("GET " + place + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    const auto head = listeners.back().read_until("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream"));
    EXPECT_THAT(listeners.back().read_until("\n\n"), HasSubstr("event: loading\ndata: {\"id\":"));
  }
  // More than the pool has threads, and it still answers.
  EXPECT_EQ(get("/v1/lists/rows").status, 200);
  listeners.pop_back();
  loader_.release();
  for (auto& listener : listeners) {
    const auto rest = listener.read_until("0\r\n\r\n");
    EXPECT_THAT(rest, HasSubstr("event: succeeded\nid: end\ndata: "));
    EXPECT_THAT(rest, HasSubstr(R"("rows_loaded":10)"));
  }
  const auto over = get(place, {{"Accept", "text/event-stream"}});
  EXPECT_THAT(over.body, HasSubstr("event: succeeded\nid: end\n"));
  EXPECT_EQ(get(place, {{"Accept", "text/event-stream"}, {"Last-Event-ID", "end"}}).status, 204);
  EXPECT_EQ(get(place, {{"Accept", "text/event-stream;q=0.1, application/json"}}).at("/state"),
            R"("succeeded")");
  EXPECT_EQ(ask(http::Method::kHead, place, {}, {{"Accept", "text/event-stream"}}).status, 200);
  expect_problem(get("/v1/loads/none", {{"Accept", "text/event-stream"}}), 404, "not_found");
}

}  // namespace
}  // namespace slate::api
