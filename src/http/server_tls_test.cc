// HTTP over TLS, from both ends.
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "base/testing/test_authority.h"
#include "http/client.h"
#include "http/testing/server_test_base.h"
#include "net/client_stream.h"
#include "net/testing/temporary_folder.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;
using slate::testing::TestAuthority;
using slate::testing::TestUsage;
using ::testing::HasSubstr;

class ServerTls : public ServerTest {
 protected:
  ServerTls() {
    router_.add(Method::kGet, "/hello", answer_with("hello"));
    router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
      respond(Response::text(200, std::move(request.body)));
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
    router_.add(Method::kGet, "/wait",
                [this](Request, Respond respond) { waiting_.set_value(std::move(respond)); });
  }

  void start_tls(ServerOptions options = {}, bool mutual = false) {
    const auto certificate = authority_.issue();
    net::TlsServerOptions files{.certificate = folder_.write("server.pem", certificate.certificate),
                                .key = folder_.write("server.key", certificate.key),
                                .protocols = {"http/1.1"}};
    if (mutual) files.client_ca = folder_.write("clients.pem", authority_.certificate());
    auto tls = net::TlsContext::server(std::move(files));
    ASSERT_TRUE(tls) << tls.error().to_string();
    options.tls = *tls;
    start(std::move(options));
  }
  std::shared_ptr<net::TlsContext> trusting(net::TlsClientOptions options = {}) {
    options.ca = folder_.write("ca.pem", authority_.certificate());
    auto tls = net::TlsContext::client(std::move(options), net::Reload::kNever);
    EXPECT_TRUE(tls) << tls.error().to_string();
    return *tls;
  }
  std::string url(std::string_view path, std::string_view host = "localhost") {
    return "https://" + std::string(host) + ":" + std::to_string(server_->port()) + std::string(path);
  }

  net::testing::TemporaryFolder folder_;
  TestAuthority authority_;
  std::promise<Respond> waiting_;
};

TEST_F(ServerTls, requests_and_answers_of_every_size_go_through) {
  start_tls();
  Client client({.tls = trusting()});
  for (int i = 0; i < 3; ++i) {
    const auto hello = client.request({.url = url("/hello")});
    ASSERT_TRUE(hello) << hello.error().to_string();
    EXPECT_EQ(hello->body, "hello");
    const std::string body(3'000'000, 'b');
    const auto echo = client.request({.method = Method::kPost, .url = url("/echo"), .body = body});
    ASSERT_TRUE(echo) << echo.error().to_string();
    EXPECT_TRUE(echo->body == body);
    const auto large = client.request({.url = url("/large")});
    ASSERT_TRUE(large) << large.error().to_string();
    EXPECT_EQ(large->body.size(), 5'000'000u);
  }
  EXPECT_EQ(server_->connections(), 1u) << "the connection is kept";
}

TEST_F(ServerTls, pipelined_requests_in_one_record_are_all_answered) {
  start_tls();
  const auto tls = trusting();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto client = net::ClientStream::connect("localhost", server_->port(), deadline, tls.get());
  ASSERT_TRUE(client) << client.error().to_string();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(
      (*client)->write(requests + "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", deadline));
  std::string answers;
  std::vector<char> buffer(10'000);
  for (;;) {
    const auto got = (*client)->read_some(buffer, deadline);
    ASSERT_TRUE(got) << got.error().to_string();
    if (*got == 0) break;
    answers.append(buffer.data(), *got);
  }
  std::size_t count = 0;
  for (std::size_t at = answers.find("hello"); at != std::string::npos; at = answers.find("hello", at + 1))
    ++count;
  EXPECT_EQ(count, 501u);
}

TEST_F(ServerTls, client_that_does_not_know_the_authority_or_name_refuses) {
  start_tls();
  const auto unknown = request(Method::kGet, url("/hello"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().reason(), Reason::kUnavailable);
  EXPECT_THAT(unknown.error().message(), HasSubstr("the certificate is not accepted"));
  EXPECT_TRUE(request(Method::kGet, url("/hello", "127.0.0.1"), {}, {}, {.tls = trusting()}));
}

TEST_F(ServerTls, plain_http_on_this_port_gets_nothing_and_disturbs_nobody) {
  start_tls();
  const auto plain = request(Method::kGet, "http://localhost:" + std::to_string(server_->port()) + "/hello");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().reason(), Reason::kUnavailable);
  EXPECT_THAT(plain.error().hint().value_or(""), HasSubstr("https://"));
  EXPECT_TRUE(request(Method::kGet, url("/hello"), {}, {}, {.tls = trusting()}));
}

TEST_F(ServerTls, client_that_wants_tls_where_there_is_none_is_told_so) {
  start({});
  const auto refused = request(Method::kGet, url("/hello"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kUnavailable);
  EXPECT_THAT(refused.error().hint().value_or(""), HasSubstr("http://"));
}

TEST_F(ServerTls, slow_handshake_is_closed) {
  ServerOptions options;
  options.handshake_timeout = 50ms;
  start_tls(std::move(options));
  auto silent = connect();
  EXPECT_EQ(silent.read_until_close(), "");
}

TEST_F(ServerTls, mutual_tls_answers_only_those_with_a_certificate) {
  start_tls({}, true);
  EXPECT_FALSE(request(Method::kGet, url("/hello"), {}, {}, {.tls = trusting()}));
  const auto certificate = authority_.issue({.name = "ours", .usage = TestUsage::kClient});
  const auto tls = trusting({.certificate = folder_.write("client.pem", certificate.certificate),
                             .key = folder_.write("client.key", certificate.key)});
  const auto answer = request(Method::kGet, url("/hello"), {}, {}, {.tls = tls});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(ServerTls, refusals_are_told_under_tls_too) {
  ServerOptions options;
  options.max_connections = 1;
  start_tls(std::move(options));
  Client first({.tls = trusting()});
  ASSERT_TRUE(first.request({.url = url("/hello")}));
  const auto second = request(Method::kGet, url("/hello"), {}, {}, {.tls = trusting()});
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->status, 503);
}

TEST_F(ServerTls, stop_finishes_what_runs_and_ends_idle_connections_and_handshakes) {
  start_tls();
  Client idle({.tls = trusting()});
  ASSERT_TRUE(idle.request({.url = url("/hello")}));
  auto half = connect();  // never shakes hands
  const auto tls = trusting();
  auto running = std::async(std::launch::async,
                            [&] { return request(Method::kGet, url("/wait"), {}, {}, {.tls = tls}); });
  auto respond = waiting_.get_future().get();
  auto stopped = std::async(std::launch::async, [this] { server_->stop(kPatience); });
  EXPECT_EQ(half.read_until_close(), "");
  respond(Response::text(200, "done"));
  const auto answer = running.get();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->headers.get("Connection"), "close");
  stopped.wait();
  EXPECT_FALSE(idle.request({.url = url("/hello")}));
}

TEST_F(ServerTls, new_certificate_is_shown_while_kept_connections_go_on) {
  start_tls();
  Client kept({.tls = trusting()});
  ASSERT_TRUE(kept.request({.url = url("/hello")}));
  TestAuthority next("the next authority");
  const auto certificate = next.issue();
  folder_.write("server.pem", certificate.certificate);
  folder_.write("server.key", certificate.key);
  const auto tls =
      net::TlsContext::client({.ca = folder_.write("next.pem", next.certificate())}, net::Reload::kNever);
  ASSERT_TRUE(tls);
  while (!request(Method::kGet, url("/hello"), {}, {}, {.tls = *tls})) {
  }
  const auto answer = kept.request({.url = url("/hello")});
  EXPECT_TRUE(answer) << answer.error().to_string();
}

}  // namespace
}  // namespace slate::http::testing
