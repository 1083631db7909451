#include "cli/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/test_authority.h"
#include "http/server.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"
#include "net/testing/temporary_folder.h"

namespace slate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseHeader, the_name_ends_at_the_first_colon) {
  EXPECT_EQ(*parse_header("X-User: ann"), http::Headers::Field("X-User", "ann"));
  EXPECT_EQ(*parse_header("X-Url:http://a:1 "), http::Headers::Field("X-Url", "http://a:1"));
  EXPECT_EQ(*parse_header("X-Empty:"), http::Headers::Field("X-Empty", ""));
}

TEST(ParseHeader, a_refusal_shows_nothing_of_the_text) {
  for (const char* text : {"secret", ": secret", "X secret: y", "X-User: secret\r\nX-Admin: yes",
                           "X\n: secret", "host: secret", "Content-Length: secret", "X-User: secret\x7f"}) {
    const auto parsed = parse_header(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(parsed.error().field(), "--header");
    EXPECT_THAT(parsed.error().to_string(), Not(HasSubstr("secret")));
  }
}

// Keeps the headers of what it is asked.
class ApiClientTest : public ::testing::Test {
 protected:
  ApiClientTest() {
    http::Router router;
    router.add(http::Method::kGet, "/v1/lists", [this](http::Request request, http::Respond respond) {
      got_ = std::move(request.headers);
      respond(http::Response::json(200, "[]"));
    });
    router.add(http::Method::kGet, "/v1/page",
               [](http::Request, http::Respond respond) { respond(http::Response::text(200, "Welcome")); });
    router.add(http::Method::kPost, "/v1/moved", [](http::Request, http::Respond respond) {
      http::Response moved = http::Response::json(308, "<html>");
      moved.headers.set("Location", "https://slate.example/v1/moved");
      respond(std::move(moved));
    });
    auto started = http::Server::start({}, std::move(router), io_, pool_);
    EXPECT_TRUE(started);
    server_ = *std::move(started);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  Result<http::ClientResponse> ask(ServerChoice choice) {
    choice.url = url();
    return ApiClient(choice).call(http::Method::kGet, "/v1/lists", {{"Accept", "application/json"}});
  }

  http::Headers got_;
  net::IoThreads io_{1};
  net::BlockingPool pool_{net::testing::patient_pool(1)};
  std::unique_ptr<http::Server> server_;
};

TEST_F(ApiClientTest, headers_go_with_every_request_and_the_clients_own_win) {
  ASSERT_TRUE(ask({.headers = {"X-User: ann", "X-Role: a", "X-Role: b", "accept: text/html"}}));
  EXPECT_EQ(got_.get("X-User"), "ann");
  EXPECT_THAT(got_.all("X-Role"), ElementsAre("a", "b"));
  EXPECT_THAT(got_.all("Accept"), ElementsAre("application/json"));
}

TEST_F(ApiClientTest, the_servers_token_makes_room_for_the_loaders_authorization) {
  const net::testing::TemporaryFolder folder;
  ServerChoice choice{.token_file = folder.write("token", "0123456789abcdef").string()};
  ASSERT_TRUE(ask(choice));
  EXPECT_EQ(got_.get("Authorization"), "Bearer 0123456789abcdef");
  choice.headers = {"Authorization: Basic YTpi"};
  ASSERT_TRUE(ask(choice));
  EXPECT_EQ(got_.get("Authorization"), "Basic YTpi");
  EXPECT_EQ(got_.get("Slate-Token"), "0123456789abcdef");
}

// As of whatever stands in front of a server and wants https: nothing was done.
TEST_F(ApiClientTest, a_redirection_is_an_error_that_says_where_to) {
  const auto answer = ApiClient({.url = url()}).call(http::Method::kPost, "/v1/moved");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr("308"));
  EXPECT_THAT(answer.error().hint().value_or(""), HasSubstr("https://slate.example/v1/moved"));
}

TEST_F(ApiClientTest, an_answer_of_another_type_than_asked_for_is_an_error) {
  ApiClient client({.url = url()});
  const auto answer = client.call(http::Method::kGet, "/v1/page", {{"Accept", "application/json"}});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr("expected application/json, got text/plain"));
  EXPECT_TRUE(client.call(http::Method::kGet, "/v1/page"));
}

TEST_F(ApiClientTest, a_server_that_does_not_answer_has_the_hint_that_helps) {
  const net::testing::TemporaryFolder folder;
  const auto certificate = slate::testing::TestAuthority().issue();
  const auto tls =
      net::TlsContext::server({.certificate = folder.write("server.pem", certificate.certificate),
                               .key = folder.write("server.key", certificate.key),
                               .protocols = {"http/1.1"}});
  ASSERT_TRUE(tls) << tls.error().to_string();
  auto started = http::Server::start({.tls = *tls}, http::Router(), io_, pool_);
  ASSERT_TRUE(started) << started.error().to_string();
  const auto hint = [](const std::string& scheme, std::uint16_t port) {
    const auto answer = ApiClient({.url = scheme + "127.0.0.1:" + std::to_string(port)})
                            .call(http::Method::kGet, "/v1/lists");
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().hint().value_or("");
  };
  EXPECT_THAT(hint("https://", (*started)->port()), HasSubstr("--ca-file"));
  EXPECT_THAT(hint("http://", (*started)->port()), HasSubstr("https://"));
  EXPECT_THAT(hint("https://", server_->port()), HasSubstr("http://"));
  const std::uint16_t gone = (*started)->port();
  (*started)->stop(std::chrono::seconds(0));
  started->reset();
  EXPECT_THAT(hint("http://", gone), HasSubstr("is slate serve running there?"));
}

TEST_F(ApiClientTest, a_header_that_is_none_fails_before_anything_is_sent) {
  const auto answer = ask({.headers = {"X-User ann"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().field(), "--header");
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace slate::cli
