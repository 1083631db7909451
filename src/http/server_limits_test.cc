// What the server does with clients that are too large, too slow, too many, or hostile.
#include <chrono>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ServerLimits : public ServerTest {
 protected:
  ServerLimits() {
    router_.add(Method::kGet, "/hello", answer_with("hello"));
    router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
      respond(Response::text(200, std::move(request.body)));
    });
  }
  // What is said to the bytes, and the connection. One that was given up for silence before they came, as
  // happens on a busy machine, says nothing: then once more.
  std::pair<RawSocket, RawResponse> say(std::string_view bytes) {
    for (;;) {
      auto socket = connect();
      socket.send(bytes);
      auto answer = socket.read_response();
      if (answer.status != 0) return {std::move(socket), std::move(answer)};
    }
  }
  // Sends the bytes; expects one problem with that code, and then the end of the connection.
  void expect_refusal(std::string_view bytes, int status, const std::string& code) {
    auto [socket, answer] = say(bytes);
    EXPECT_EQ(answer.status, status) << bytes.substr(0, 100);
    EXPECT_TRUE(answer.has("Content-Type: application/problem+json\r\n")) << answer.head;
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
    EXPECT_THAT(answer.body, HasSubstr("\"code\":\"" + code + "\""));
    EXPECT_THAT(answer.body, HasSubstr("\"request_id\":\""));
    EXPECT_EQ(socket.read_until_close(), "");
  }
};

TEST_F(ServerLimits, what_is_not_http_is_a_problem_and_the_end) {
  start();
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), std::string("\0\1\2\3\4\5\6\7", 8), std::string(5000, '\xff'),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET /hello HTTP/1.1\r\nHost x\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                    "chunked\r\n\r\n0\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")})
    expect_refusal(bytes, 400, "invalid_argument");
  EXPECT_EQ(ask("GET", "/hello").body, "hello");
}

TEST_F(ServerLimits, requests_before_a_broken_one_are_answered) {
  start();
  auto socket = connect();
  socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nbroken\r\n\r\n");
  EXPECT_EQ(socket.read_response().body, "hello");
  EXPECT_EQ(socket.read_response().status, 400);
  EXPECT_EQ(socket.read_until_close(), "");
}

TEST_F(ServerLimits, broken_url_is_a_problem_but_not_the_end) {
  start();
  auto socket = connect();
  for (const char* target :
       {"/hello%", "/hello%4", "/a%00b", "/%FF", "/hello?a=%XX", "/hello?%80", "hello"}) {
    socket.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = socket.read_response();
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"invalid_argument")"));
  }
  socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(socket.read_response().body, "hello");
}

TEST_F(ServerLimits, header_beyond_the_limit_is_431) {
  ServerOptions options;
  options.header_bytes = 2048;
  start(std::move(options));
  expect_refusal("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(3000, 'a'), 431, "header_too_large");
  expect_refusal("GET /" + std::string(100'000, 'a'), 431, "header_too_large");
}

TEST_F(ServerLimits, header_of_32_kib_is_taken_and_more_is_not) {
  start();
  EXPECT_EQ(ask("GET", "/hello", "A: " + std::string(32'000, 'a') + "\r\n").status, 200);
  EXPECT_EQ(ask("GET", "/hello", "A: " + std::string(33'000, 'a') + "\r\n").status, 431);
}

TEST_F(ServerLimits, body_beyond_the_limit_is_413_and_the_answer_arrives_while_the_client_sends) {
  ServerOptions options;
  options.body_bytes = 10'000;
  start(std::move(options));
  const std::string body(5'000'000, 'x');
  expect_refusal("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + body, 413,
                 "payload_too_large");
  expect_refusal("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4c4b40\r\n" + body, 413,
                 "payload_too_large");
}

TEST_F(ServerLimits, bodies_of_all_connections_together_are_limited) {
  std::promise<Respond> held;
  router_.add(Method::kPost, "/hold", [&](Request, Respond respond) { held.set_value(std::move(respond)); });
  ServerOptions options;
  options.total_body_bytes = 100'000;
  start(std::move(options));
  const std::string body(60'000, 'x');
  auto holder = connect();
  holder.send("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + body);
  auto respond = held.get_future().get();
  const auto refused = ask("POST", "/echo", "", body);
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("Retry-After: 1\r\n"));
  EXPECT_EQ(ask("POST", "/echo", "", std::string(30'000, 'x')).status, 200);
  respond(Response::empty(204));
  EXPECT_EQ(holder.read_response().status, 204);
  // The room comes back once the server is done with the holder, which is just after its answer.
  while (ask("POST", "/echo", "", body).status != 200) {
  }
}

TEST_F(ServerLimits, unknown_transfer_coding_is_501) {
  start();
  expect_refusal("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
                 "unimplemented");
}

TEST_F(ServerLimits, slow_header_is_408) {
  ServerOptions options;
  options.header_timeout = 50ms;
  start(std::move(options));
  expect_refusal("GET /hello HTTP/1.1\r\nHos", 408, "request_timeout");
}

TEST_F(ServerLimits, slow_header_is_408_on_a_kept_connection_too) {
  ServerOptions options;
  options.header_timeout = 50ms;
  start(std::move(options));
  auto socket = connect();
  socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(socket.read_response().body, "hello");
  socket.send("G");
  EXPECT_EQ(socket.read_response().status, 408);
  EXPECT_EQ(socket.read_until_close(), "");
}

TEST_F(ServerLimits, body_that_trickles_is_408_though_it_never_stalls) {
  ServerOptions options;
  options.header_timeout = 50ms;
  options.idle_timeout = 50ms;
  options.least_body_bytes_per_second = 1'000'000;
  start(std::move(options));
  int status = 0;
  while (status == 0) {  // as of say()
    auto socket = connect();
    socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n");
    // As fast as one byte after the other goes, which is too slow.
    std::jthread sender([&](const std::stop_token& is_over) {
      for (int i = 0; i < 60'000'000 && !is_over.stop_requested(); ++i) socket.send("x");
    });
    status = socket.read_response().status;
  }
  EXPECT_EQ(status, 408);
}

TEST_F(ServerLimits, stalled_body_is_408) {
  ServerOptions options;
  options.idle_timeout = 50ms;
  start(std::move(options));
  expect_refusal("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345", 408, "request_timeout");
}

TEST_F(ServerLimits, idle_connections_are_closed_without_a_word) {
  ServerOptions options;
  options.idle_timeout = 50ms;
  start(std::move(options));
  auto silent = connect();
  EXPECT_EQ(silent.read_until_close(), "");
  auto [kept, answer] = say("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(kept.read_until_close(), "");
}

TEST_F(ServerLimits, handlers_may_take_longer_than_any_read_limit) {
  router_.add(Method::kGet, "/slow", [&](Request request, Respond respond) {
    // Longer than every limit below: another connection is closed for being idle meanwhile.
    RawSocket idle(server_->port());
    EXPECT_EQ(idle.read_until_close(), "");
    RawSocket again(server_->port());
    EXPECT_EQ(again.read_until_close(), "");
    EXPECT_FALSE(request.stop.stop_requested());
    respond(Response::text(200, "slow"));
  });
  ServerOptions options;
  options.idle_timeout = 30ms;
  options.header_timeout = 30ms;
  start(std::move(options));
  EXPECT_EQ(say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").second.body, "slow");
}

TEST_F(ServerLimits, reader_that_takes_nothing_is_cut_off) {
  std::string large;
  large.resize(50'000'000, 'x');
  router_.add(Method::kGet, "/large", answer_with(large));
  std::promise<void> served;
  ServerOptions options;
  options.write_timeout = 50ms;
  options.observer = [&](const Served&) { served.set_value(); };
  start(std::move(options));
  RawSocket socket(server_->port(), 4096);
  socket.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  served.get_future().wait();
  EXPECT_LT(socket.read_until_close().size(), large.size());
}

TEST_F(ServerLimits, requests_beyond_the_rate_of_a_client_are_429_and_the_connection_goes_on) {
  router_.add(Method::kGet, "/alive", answer_with("alive"), Run::kInline);
  ServerOptions options;
  options.client = {.requests_per_second = 0.001, .burst_seconds = 3000};
  options.refusal_interval = std::chrono::milliseconds(1);
  start(std::move(options));
  auto socket = connect();
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(socket.read_response().status, 200) << i;
  }
  for (const char* path : {"/hello", "/nowhere"}) {
    socket.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto refused = socket.read_response();
    EXPECT_EQ(refused.status, 429);
    EXPECT_TRUE(refused.has("Retry-After: ")) << refused.head;
    EXPECT_THAT(refused.body, HasSubstr(R"("code":"quota_exceeded")"));
  }
  EXPECT_EQ(ask("GET", "/hello").status, 429) << "another connection is the same client";
  EXPECT_EQ(ask("GET", "/alive").status, 200) << "probes are answered all the same";
}

TEST_F(ServerLimits, connections_of_one_client_beyond_its_limit_are_429) {
  ServerOptions options;
  options.client = {.connections = 1};
  start(std::move(options));
  auto first = connect();
  first.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(first.read_response().body, "hello");
  {
    auto second = connect();
    const auto answer = second.read_response();
    EXPECT_EQ(answer.status, 429);
    EXPECT_TRUE(answer.has("Retry-After: 1\r\n"));
    EXPECT_THAT(answer.body, HasSubstr("from this address"));
  }
  first.close();
  while (ask("GET", "/hello").status != 200) {
  }
}

TEST_F(ServerLimits, connections_beyond_the_limit_are_503) {
  ServerOptions options;
  options.max_connections = 2;
  start(std::move(options));
  auto first = connect();
  auto second = connect();
  for (auto* socket : {&first, &second}) {
    socket->send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(socket->read_response().body, "hello");
  }
  {
    auto third = connect();
    third.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = third.read_response();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.has("Retry-After: 1\r\n"));
    EXPECT_THAT(answer.body, HasSubstr(R"("code":"overloaded")"));
  }
  first.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(first.read_response().body, "hello");
  first.close();
  // The server learns of the close when it learns of it.
  while (ask("GET", "/hello").status != 200) {
  }
}

}  // namespace
}  // namespace slate::http::testing
