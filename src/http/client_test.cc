#include "http/client.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ClientTest : public ServerTest {
 protected:
  ClientTest() { add_routes(); }
  void add_routes() {
    router_.add(Method::kGet, "/hello", answer_with("hello"));
    router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
      respond(Response::text(201, request.body + std::string(request.headers.get("X-Thing").value_or(""))));
    });
    router_.add(Method::kGet, "/large", [](Request, Respond respond) {
      struct Stream final : BodyStream {
        int left = 100;
        Result<bool> next(std::string& chunk) override {
          chunk.assign(50'000, 'x');
          return --left > 0;
        }
      };
      respond({.stream = std::make_unique<Stream>()});
    });
    router_.add(Method::kGet, "/breaks", [](Request, Respond respond) {
      struct Stream final : BodyStream {
        int made = 0;
        Result<bool> next(std::string& chunk) override {
          if (made++ > 0) return fail(Reason::kCorrupt, "expected in this test");
          chunk = "half";
          return true;
        }
      };
      respond({.stream = std::make_unique<Stream>()});
    });
    router_.add(Method::kGet, "/silent", [this](Request, Respond respond) {
      const std::scoped_lock lock(mutex_);
      kept_.push_back(std::move(respond));
    });
  }
  std::string url(std::string_view path) {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + std::string(path);
  }

 private:
  std::mutex mutex_;
  std::vector<Respond> kept_;
};

TEST_F(ClientTest, gets_status_headers_and_body) {
  start();
  const auto answer = request(Method::kGet, url("/hello"));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.get("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(ClientTest, sends_headers_and_body) {
  start();
  const auto answer = request(Method::kPost, url("/echo"), {{"X-Thing", "!"}}, "some text");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "some text!");
}

TEST_F(ClientTest, refusal_by_the_server_is_an_answer) {
  start();
  const auto answer = request(Method::kGet, url("/nowhere"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_THAT(answer->body, HasSubstr("not_found"));
}

TEST_F(ClientTest, head_has_no_body_to_wait_for) {
  start();
  const auto answer = request(Method::kHead, url("/hello"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->headers.get("Content-Length"), "5");
  EXPECT_EQ(answer->body, "");
}

TEST_F(ClientTest, keeps_its_connection) {
  start();
  Client client;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.request({.url = url("/hello")}));
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(ClientTest, replaces_a_connection_that_the_server_has_closed) {
  start();
  Client client;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.request({.method = Method::kPost, .url = url("/echo"), .body = "x"});
    ASSERT_TRUE(answer) << answer.error().to_string();
    ServerOptions same;
    same.port = server_->port();
    server_->stop(kPatience);
    add_routes();
    start(std::move(same));
  }
}

TEST_F(ClientTest, sink_gets_a_large_body_piece_by_piece) {
  start();
  std::size_t bytes = 0;
  std::size_t largest = 0;
  Client client;
  const auto answer =
      client.request({.url = url("/large"), .sink = [&](std::string_view piece) -> Result<void> {
                        bytes += piece.size();
                        largest = std::max(largest, piece.size());
                        return {};
                      }});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(bytes, 5'000'000u);
  EXPECT_LE(largest, 65536u);
  EXPECT_EQ(answer->body, "");
}

TEST_F(ClientTest, sink_that_fails_ends_the_download) {
  start();
  Client client;
  const auto answer = client.request({.url = url("/large"), .sink = [](std::string_view) -> Result<void> {
                                        return fail(Reason::kIo, "disk full");
                                      }});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "disk full");
  EXPECT_TRUE(client.request({.url = url("/hello")})) << "the client must go on with a new connection";
}

TEST_F(ClientTest, problem_is_kept_in_memory_even_with_a_sink) {
  start();
  Client client;
  const auto answer = client.request({.url = url("/nowhere"), .sink = [](std::string_view) -> Result<void> {
                                        ADD_FAILURE() << "a problem went to the sink";
                                        return {};
                                      }});
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->body, HasSubstr("not_found"));
}

TEST_F(ClientTest, body_beyond_its_limit_is_refused) {
  start();
  const auto answer = request(Method::kGet, url("/large"), {}, {}, {.max_body_bytes = 100'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason(), Reason::kQuotaExceeded);
}

TEST_F(ClientTest, answer_that_breaks_off_is_unavailable_and_not_a_short_body) {
  start();
  const auto answer = request(Method::kGet, url("/breaks"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason(), Reason::kUnavailable);
}

TEST_F(ClientTest, silent_server_is_a_deadline_exceeded) {
  start();
  const auto answer = request(Method::kGet, url("/silent"), {}, {}, {.timeout = 50ms});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason(), Reason::kDeadlineExceeded);
}

TEST_F(ClientTest, server_that_is_not_there_is_unavailable_by_name) {
  start();
  const auto gone = url("/hello");
  server_->stop(0ms);
  const auto answer = request(Method::kGet, gone);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason(), Reason::kUnavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("127.0.0.1:"));
}

TEST(ClientUrl, what_is_no_http_url_is_refused) {
  for (const char* url : {"", "hello", "ftp://x/", "http:///a", "http://x/a b", "http://x:port/"}) {
    const auto answer = request(Method::kGet, url);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().reason(), Reason::kInvalidArgument) << url;
  }
}

}  // namespace
}  // namespace slate::http::testing
