#include "http/server.h"

#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/log.h"
#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(ServerTest, handler_gets_params_query_headers_and_body) {
  router_.add(Method::kPost, "/v1/lists/{id}/data", [](Request request, Respond respond) {
    std::string seen = request.path + "|" + request.param("id") + "|";
    for (const auto& [name, value] : request.query) seen += name + "=" + value + ";";
    seen += "|" + std::string(request.headers.get("x-thing").value_or("")) + "|" + request.body;
    respond(Response::text(200, seen));
  });
  start();
  const auto answer = ask("POST", "/v1/lists/a%2Fb/data?q=1+2&q=%C3%A9", "X-Thing: some\r\n", "body");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/v1/lists/a%2Fb/data|a/b|q=1 2;q=\xC3\xA9;|some|body");
}

TEST_F(ServerTest, answers_carry_length_date_and_a_request_id) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  const auto answer = ask("GET", "/hello");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(answer.has("Content-Length: 5\r\n"));
  EXPECT_TRUE(answer.has("Date: "));
  EXPECT_TRUE(answer.has("X-Request-Id: "));
}

TEST_F(ServerTest, request_id_of_the_client_is_kept_if_it_is_harmless) {
  router_.add(Method::kGet, "/hello",
              [](Request request, Respond respond) { respond(Response::text(200, request.request_id)); });
  start();
  const auto kept = ask("GET", "/hello", "X-Request-Id: Abc-1_2.3\r\n");
  EXPECT_EQ(kept.body, "Abc-1_2.3");
  EXPECT_TRUE(kept.has("X-Request-Id: Abc-1_2.3\r\n"));
  for (const std::string& bad : {std::string("a b"), std::string(129, 'a'), std::string("\"x\"")}) {
    const auto made = ask("GET", "/hello", "X-Request-Id: " + bad + "\r\n");
    EXPECT_EQ(made.body.size(), 32u) << bad;
    EXPECT_EQ(made.body.find_first_not_of("0123456789abcdef"), std::string::npos) << made.body;
  }
}

TEST_F(ServerTest, head_has_the_length_of_get_and_no_body) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  auto socket = connect();
  socket.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kGet));
  const auto head = socket.read_response("HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has("Content-Length: 5\r\n"));
  EXPECT_EQ(socket.read_response().body, "hello");
}

TEST_F(ServerTest, options_tells_what_a_path_takes) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  router_.add(Method::kDelete, "/hello", answer_with("gone"));
  start();
  const auto answer = ask("OPTIONS", "/hello");
  EXPECT_EQ(answer.status, 204);
  EXPECT_TRUE(answer.has("Allow: GET, HEAD, DELETE, OPTIONS\r\n"));
  EXPECT_EQ(ask("OPTIONS", "*").status, 204);
}

TEST_F(ServerTest, other_methods_are_405_with_allow) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  for (const char* method : {"DELETE", "TRACE", "BREW"}) {
    const auto answer = ask(method, "/hello");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_TRUE(answer.has("Allow: GET, HEAD, OPTIONS\r\n"));
    EXPECT_TRUE(answer.has("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"method_not_allowed")"));
  }
}

TEST_F(ServerTest, unknown_paths_are_404_problems) {
  start();
  const auto answer = ask("GET", "/nowhere", "X-Request-Id: r9\r\n");
  EXPECT_EQ(answer.status, 404);
  EXPECT_TRUE(answer.has("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"not_found")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("request_id":"r9")"));
}

TEST_F(ServerTest, connection_serves_one_request_after_the_other) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  auto socket = connect();
  for (int i = 0; i < 20; ++i) {
    socket.send(kGet);
    EXPECT_EQ(socket.read_response().body, "hello");
  }
  socket.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(socket.read_response().status, 404);
  socket.send(kGet);
  EXPECT_EQ(socket.read_response().body, "hello") << "a small refused body must not end the connection";
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_their_order) {
  router_.add(Method::kGet, "/{n}",
              [](Request request, Respond respond) { respond(Response::text(200, request.param("n"))); });
  router_.add(
      Method::kGet, "/inline/{n}",
      [](Request request, Respond respond) { respond(Response::text(200, request.param("n"))); },
      Run::kInline);
  start();
  auto socket = connect();
  std::string all;
  constexpr int kRequests = 2000;
  for (int i = 0; i < kRequests; ++i)
    all += "GET " + std::string(i % 2 == 0 ? "/" : "/inline/") + std::to_string(i) +
           " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::thread sender([&] { socket.send(all); });
  int right = 0;
  while (right < kRequests && socket.read_response().body == std::to_string(right)) ++right;
  socket.finish_sending();  // ends the sender where not all was taken
  sender.join();
  EXPECT_EQ(right, kRequests);
}

TEST_F(ServerTest, http_1_0_closes_unless_asked_to_keep) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  auto closes = connect();
  closes.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(closes.read_until_close(), HasSubstr("Connection: close"));
  auto keeps = connect();
  keeps.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(keeps.read_response().has("Connection: keep-alive\r\n"));
  keeps.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(keeps.read_response().body, "hello");
}

TEST_F(ServerTest, chunked_request_bodies_are_put_together) {
  router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
    respond(Response::text(200, std::move(request.body)));
  });
  start();
  auto socket = connect();
  socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  socket.send("6\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(socket.read_response().body, "hello world");
}

TEST_F(ServerTest, large_bodies_come_and_go_whole) {
  router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
    respond(Response::text(200, std::move(request.body)));
  });
  start();
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  EXPECT_EQ(ask("POST", "/echo", "", body).body, body);
}

TEST_F(ServerTest, client_that_expects_it_is_told_to_continue) {
  router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
    respond(Response::text(200, std::move(request.body)));
  });
  start();
  auto socket = connect();
  socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_response().status, 100);
  socket.send("hello");
  EXPECT_EQ(socket.read_response().body, "hello");
}

TEST_F(ServerTest, client_that_asks_first_is_refused_before_it_sends_the_body) {
  start();
  auto socket = connect();
  socket.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_response().status, 404);
}

TEST_F(ServerTest, handler_may_answer_later_from_another_thread) {
  std::promise<Respond> handed_over;
  router_.add(Method::kGet, "/hello",
              [&](Request, Respond respond) { handed_over.set_value(std::move(respond)); });
  start();
  std::thread answerer([&] { handed_over.get_future().get()(Response::text(200, "late")); });
  EXPECT_EQ(ask("GET", "/hello").body, "late");
  answerer.join();
}

TEST_F(ServerTest, handler_without_an_answer_is_an_internal_error) {
  router_.add(Method::kGet, "/drops", [](Request, Respond) {});
  router_.add(Method::kGet, "/throws",
              [](Request, Respond) { throw std::runtime_error("expected in this test"); });
  router_.add(Method::kGet, "/bare",
              [](Request, Respond respond) { respond(Response::text(404, "no problem")); });
  start();
  for (const char* path : {"/drops", "/throws", "/bare"}) {
    const auto answer = ask("GET", path);
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"internal")")) << path;
  }
}

TEST_F(ServerTest, second_answer_of_a_handler_is_ignored) {
  router_.add(Method::kGet, "/twice", [](Request, Respond respond) {
    respond(Response::text(200, "first"));
    respond(Response::text(200, "second"));
  });
  start();
  auto socket = connect();
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /twice HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(socket.read_response().body, "first");
  }
}

TEST_F(ServerTest, inline_handlers_run_even_while_the_pool_is_busy) {
  std::latch entered(1);
  std::latch opened(1);
  router_.add(Method::kGet, "/busy", [&](Request, Respond respond) {
    entered.count_down();
    opened.wait();
    respond(Response::empty(204));
  });
  router_.add(Method::kGet, "/healthz", answer_with("ok"), Run::kInline);
  start({}, patient_pool(1));
  auto busy = connect();
  busy.send("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  EXPECT_EQ(ask("GET", "/healthz").body, "ok");
  opened.count_down();
  EXPECT_EQ(busy.read_response().status, 204);
}

TEST_F(ServerTest, full_queue_answers_503_with_a_retry_time) {
  std::latch entered(1);
  std::latch opened(1);
  router_.add(Method::kGet, "/busy", [&](Request, Respond respond) {
    entered.count_down();
    opened.wait();
    respond(Response::empty(204));
  });
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start({.refusal_interval = std::chrono::hours(1)}, patient_pool(1, 1));
  auto busy = connect();
  busy.send("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  ASSERT_TRUE(pool_->submit([] {}));
  auto refused = connect();
  refused.send(kGet);
  const auto answer = refused.read_response();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.has("Retry-After: 1\r\n"));
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"overloaded")"));
  opened.count_down();
  EXPECT_EQ(busy.read_response().status, 204);
  while (pool_->stats().queued > 0) std::this_thread::yield();
  // The connection goes on: what can be served does not wait for what could not.
  refused.send(kGet);
  EXPECT_EQ(refused.read_response().body, "hello");
}

class RefusedAgain : public ServerTest {
 protected:
  // Two requests were refused on one connection, and the second has no answer yet.
  RawSocket refuse_twice() {
    router_.add(Method::kGet, "/hello", answer_with("hello"));
    router_.add(Method::kGet, "/now", answer_with("now"), Run::kInline);
    start({.refusal_interval = std::chrono::hours(1)}, patient_pool(1, 0));
    auto socket = connect();
    socket.send(kGet);
    const auto first = socket.read_response();
    EXPECT_EQ(first.status, 503);
    EXPECT_FALSE(first.has("Connection: close")) << first.head;
    socket.send(kGet);
    while (pool_->stats().refused < 2) std::this_thread::yield();
    EXPECT_EQ(ask("GET", "/now").body, "now") << "others are heard";
    return socket;
  }
};

TEST_F(RefusedAgain, is_told_so_when_its_time_has_come_or_the_server_ends) {
  auto socket = refuse_twice();
  server_->stop(kPatience);
  const auto second = socket.read_response();
  EXPECT_EQ(second.status, 503);
  EXPECT_TRUE(second.has("Connection: close")) << "it was answered before: " << second.head;
}

TEST_F(RefusedAgain, holds_no_connection_of_a_client_that_has_gone) {
  auto socket = refuse_twice();
  socket.finish_sending();
  EXPECT_EQ(socket.read_response().status, 503);
  EXPECT_EQ(socket.read_until_close(), "");
}

TEST_F(ServerTest, refusals_of_one_connection_are_told_one_after_the_other_in_their_time) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start({.refusal_interval = std::chrono::milliseconds(1)}, patient_pool(1, 0));
  auto socket = connect();
  for (int i = 0; i < 20; ++i) {
    socket.send(kGet);
    EXPECT_EQ(socket.read_response().status, 503) << i;
  }
}

TEST_F(ServerTest, what_tells_of_an_overload_is_let_in_all_the_same) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  router_.add(Method::kGet, "/metrics", answer_with("metrics"), Run::kPoolAlways);
  start({}, patient_pool(1, 0));
  EXPECT_EQ(ask("GET", "/hello").status, 503);
  EXPECT_EQ(ask("GET", "/metrics").body, "metrics");
}

TEST_F(ServerTest, what_is_known_at_once_needs_no_thread_of_the_pool) {
  const auto shared = std::make_shared<const std::string>(100'000, 'x');
  const auto known = [shared](const Request& request) -> std::optional<Response> {
    if (request.param("name") == "thrown") throw std::runtime_error("expected in this test");
    if (request.param("name") != "known") return std::nullopt;
    Response response = Response::text(200, {});
    response.shared_body = shared;
    return response;
  };
  router_.add(
      Method::kGet, "/{name}",
      [](Request request, Respond respond) {
        respond(Response::text(200, "asked " + request.param("name")));
      },
      Run::kPool, known);
  start();
  EXPECT_EQ(ask("GET", "/other").body, "asked other");
  EXPECT_EQ(ask("GET", "/thrown").body, "asked thrown");
  EXPECT_EQ(ask("HEAD", "/known").body, "");
  const auto busy = std::make_shared<std::latch>(3);
  const auto opened = std::make_shared<std::latch>(1);
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(pool_->submit([busy, opened] {
      busy->count_down();
      opened->wait();
    }));
  busy->arrive_and_wait();
  auto socket = connect();
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = socket.read_response();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, *shared);
    EXPECT_TRUE(answer.has("Content-Length: 100000\r\n"));
  }
  opened->count_down();
}

TEST_F(ServerTest, two_hundred_connections_are_served_at_once) {
  constexpr int kConnections = 200;
  std::mutex mutex;
  std::vector<Respond> waiting;
  std::promise<void> all_arrived;
  router_.add(Method::kGet, "/wait", [&](Request, Respond respond) {
    const std::scoped_lock lock(mutex);
    waiting.push_back(std::move(respond));
    if (waiting.size() == kConnections) all_arrived.set_value();
  });
  start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < kConnections; ++i) {
    sockets.push_back(connect());
    sockets.back().send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  all_arrived.get_future().wait();
  EXPECT_EQ(server_->connections(), 200u);
  for (auto& respond : waiting) respond(Response::text(200, "ok"));
  for (auto& socket : sockets) EXPECT_EQ(socket.read_response().body, "ok");
}

TEST_F(ServerTest, client_that_resets_trips_the_stop_token) {
  std::promise<std::stop_token> arrived;
  std::promise<void> stopped;
  std::vector<Respond> kept;
  router_.add(Method::kGet, "/wait", [&](Request request, Respond respond) {
    const std::stop_callback notice(request.stop, [&] { stopped.set_value(); });
    kept.push_back(std::move(respond));
    arrived.set_value(request.stop);
    stopped.get_future().wait();
  });
  start();
  auto socket = connect();
  socket.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto token = arrived.get_future().get();
  EXPECT_FALSE(token.stop_requested());
  socket.reset();
  server_->stop(kPatience);
  EXPECT_TRUE(token.stop_requested());
}

TEST_F(ServerTest, client_that_closes_its_side_trips_the_token_and_still_gets_its_answer) {
  router_.add(Method::kGet, "/wait", [&](Request request, Respond respond) {
    std::promise<void> stopped;
    const std::stop_callback notice(request.stop, [&] { stopped.set_value(); });
    stopped.get_future().wait();
    respond(Response::text(200, "you closed"));
  });
  start();
  auto socket = connect();
  socket.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.finish_sending();
  EXPECT_THAT(socket.read_until_close(), HasSubstr("you closed"));
}

TEST_F(ServerTest, observer_sees_route_method_status_and_bytes) {
  struct Seen {
    std::string route, method;
    int status;
    double seconds;
    std::uint64_t bytes;
  };
  std::mutex mutex;
  std::vector<Seen> all;
  router_.add(Method::kGet, "/v1/{id}", answer_with("hello"));
  ServerOptions options;
  options.observer = [&](const Served& served) {
    const std::scoped_lock lock(mutex);
    all.push_back(
        {std::string(served.route), std::string(served.method), served.status, served.seconds, served.bytes});
  };
  start(std::move(options));
  ask("GET", "/v1/42");
  ask("BREW", "/nowhere");
  server_->stop(kPatience);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].route, "/v1/{id}");
  EXPECT_EQ(all[0].method, "GET");
  EXPECT_EQ(all[0].status, 200);
  EXPECT_GT(all[0].seconds, 0);
  EXPECT_GT(all[0].bytes, 5u);
  EXPECT_EQ(all[1].route, "");
  EXPECT_EQ(all[1].method, "OTHER");
  EXPECT_EQ(all[1].status, 404);
}

TEST_F(ServerTest, access_line_has_path_and_id_but_no_query_and_no_header) {
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start();
  log::configure(log::Level::kInfo, log::Format::kText);
  ::testing::internal::CaptureStderr();
  ask("GET", "/hello?token=hidden1", "X-Request-Id: r77\r\nAuthorization: hidden2\r\n");
  server_->stop(kPatience);
  const auto lines = ::testing::internal::GetCapturedStderr();
  log::configure(log::Level::kWarning, log::Format::kText);
  EXPECT_THAT(lines, HasSubstr("method=GET path=/hello status=200 ms="));
  EXPECT_THAT(lines, ContainsRegex("ms=[0-9]+(\\.[0-9][0-9]?[0-9]?)? bytes=")) << "to the microsecond";
  EXPECT_THAT(lines, HasSubstr("request_id=r77"));
  EXPECT_THAT(lines, Not(HasSubstr("hidden")));
}

TEST_F(ServerTest, port_that_is_taken_is_refused_with_its_name) {
  start();
  ServerOptions options;
  options.port = server_->port();
  const auto second = Server::start(std::move(options), Router(), io_, *pool_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason(), Reason::kFailedPrecondition);
  EXPECT_THAT(second.error().message(), HasSubstr(std::to_string(server_->port())));
}

TEST_F(ServerTest, address_that_is_none_is_refused) {
  start();
  ServerOptions options;
  options.address = "no address";
  const auto second = Server::start(std::move(options), Router(), io_, *pool_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason(), Reason::kInvalidArgument);
}

}  // namespace
}  // namespace slate::http::testing
