// What `slate serve` lets in, from outside: TLS, tokens, ports. What it gives away: canary_test.cc.

#include <boost/json/parse.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/test_authority.h"
#include "http/client.h"
#include "net/tls_context.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using http::Method;
using slate::testing::ChildProcess;
using slate::testing::Finished;
using slate::testing::TemporaryFolder;
using slate::testing::TestAuthority;
using slate::testing::TestCertificate;
using slate::testing::TestUsage;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAdmin = "admin-canary-0123456789";
constexpr const char* kReader = "reader-canary-0123456789";
constexpr const char* kNotes = R"({"id":"notes","fields":[{"name":"text","type":"string"}],
    "loader":{"endpoint":"grpc://127.0.0.1:1","ttl":1,"forwardHeaders":["Authorization","X-Upstream"]}})";
constexpr const char* kList = R"({"datasource":"notes","columns":["text"]})";

class SecurityTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure() && server_) std::cerr << "---- the server said\n" << server_->seen();
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // Whole, under its name, at once.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path("next")) << text;
    std::filesystem::permissions(path("next"), std::filesystem::perms(0600));
    std::filesystem::rename(path("next"), path(name));
    return path(name);
  }
  std::vector<std::string> tls_flags(const TestCertificate& certificate) const {
    return {"--tls-cert", write("server.pem", certificate.certificate), "--tls-key",
            write("server.key", certificate.key)};
  }

  void start(std::vector<std::string> options) {
    std::vector<std::string> command{SLATE_PROGRAM, "serve",       "--data",      path("data"),
                                     "--listen",    "127.0.0.1:0", "--log-level", "debug"};
    command.insert(command.end(), options.begin(), options.end());
    server_ = std::make_unique<ChildProcess>(std::move(command));
    const auto ready = server_->read_until("slate is serving on ");
    ASSERT_TRUE(ready) << server_->seen();
    url_ = url_in(*ready, "serving on ");
    if (ready->find("administration on ") != std::string::npos)
      admin_url_ = url_in(*ready, "administration on ");
  }
  static std::string url_in(const std::string& line, const std::string& before) {
    const auto begin = line.find(before) + before.size();
    return line.substr(begin, line.find(',', begin) - begin);
  }
  void stop() {
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->seen();
  }

  int status(Method method, const std::string& url, http::Headers headers = {}, std::string body = {},
             std::shared_ptr<net::TlsContext> tls = {}) {
    const auto answer =
        http::request(method, url, std::move(headers), std::move(body), {.tls = std::move(tls)});
    return answer ? answer->status : 0;
  }
  static http::Headers bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }
  std::shared_ptr<net::TlsContext> trusting(const TestAuthority& authority) const {
    auto context =
        net::TlsContext::client({.ca = write("ca.pem", authority.certificate())}, net::Reload::kNever);
    EXPECT_TRUE(context) << context.error().to_string();
    return *context;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> server_;
  std::string url_, admin_url_;
};

TEST_F(SecurityTest, https_with_tokens_and_the_verbs_that_show_them) {
  TestAuthority authority;
  auto options = tls_flags(authority.issue());
  options.insert(options.end(),
                 {"--admin-token-file", write("admin", kAdmin), "--token-file", write("lists", kReader)});
  start(options);
  EXPECT_THAT(url_, ::testing::StartsWith("https://"));
  const auto tls = trusting(authority);
  EXPECT_EQ(status(Method::kGet, url_ + "/healthz", {}, {}, tls), 200);
  EXPECT_EQ(status(Method::kGet, url_ + "/readyz", {}, {}, tls), 200);
  EXPECT_EQ(status(Method::kGet, url_ + "/metrics", {}, {}, tls), 401);
  EXPECT_EQ(status(Method::kGet, url_ + "/metrics", bearer(kReader), {}, tls), 200);
  EXPECT_EQ(status(Method::kGet, url_ + "/v1/lists", {}, {}, tls), 401);
  EXPECT_EQ(status(Method::kGet, url_ + "/v1/lists", bearer(kReader), {}, tls), 200);
  EXPECT_EQ(status(Method::kGet, url_ + "/v1/datasources", bearer(kReader), {}, tls), 403);
  EXPECT_EQ(status(Method::kGet, url_ + "/v1/datasources", bearer(kAdmin), {}, tls), 200);
  EXPECT_EQ(status(Method::kGet, "http" + url_.substr(5) + "/healthz"), 0) << "no plain HTTP";

  const auto verb = [&](std::vector<std::string> flags) {
    std::vector<std::string> command{SLATE_PROGRAM, "get", "lists", "--server", url_};
    command.insert(command.end(), flags.begin(), flags.end());
    return slate::testing::run_program(std::move(command));
  };
  EXPECT_EQ(verb({"--ca-file", path("ca.pem"), "--token-file", path("lists")}).exit, 0);
  const Finished without = verb({"--ca-file", path("ca.pem")});
  EXPECT_EQ(without.exit, 1);
  EXPECT_THAT(without.err, HasSubstr("unauthenticated"));
  const Finished untrusted = verb({"--token-file", path("lists")});
  EXPECT_EQ(untrusted.exit, 1);
  EXPECT_THAT(untrusted.err, HasSubstr("the certificate is not accepted"));
  EXPECT_EQ(verb({"--ca-file", path("ca.pem"), "--token-file", path("none")}).exit, 1);
  stop();
}

TEST_F(SecurityTest, certificates_and_tokens_are_changed_while_it_runs) {
  TestAuthority first, second;
  auto options = tls_flags(first.issue());
  options.insert(options.end(), {"--admin-token-file", write("admin", kAdmin)});
  start(options);
  const auto trusts_first = trusting(first);
  EXPECT_EQ(status(Method::kGet, url_ + "/v1/datasources", bearer(kAdmin), {}, trusts_first), 200);

  write("admin", "the-next-token-0123456789\n");
  while (status(Method::kGet, url_ + "/v1/datasources", bearer(kAdmin), {}, trusts_first) != 401) {
  }
  EXPECT_EQ(
      status(Method::kGet, url_ + "/v1/datasources", bearer("the-next-token-0123456789"), {}, trusts_first),
      200);

  tls_flags(second.issue());
  const auto trusts_second = trusting(second);
  while (status(Method::kGet, url_ + "/healthz", {}, {}, trusts_second) != 200) {
  }
  stop();
}

TEST_F(SecurityTest, mutual_tls_opens_administration_without_a_token) {
  TestAuthority authority;
  auto options = tls_flags(authority.issue());
  options.insert(options.end(), {"--tls-client-ca", write("clients.pem", authority.certificate())});
  start(options);
  const auto certificate = authority.issue({.name = "operator", .usage = TestUsage::kClient});
  write("client.pem", certificate.certificate);
  write("client.key", certificate.key);
  trusting(authority);
  const auto verb = [&](std::vector<std::string> flags) {
    std::vector<std::string> command{SLATE_PROGRAM, "get",       "datasources", "--server",
                                     url_,          "--ca-file", path("ca.pem")};
    command.insert(command.end(), flags.begin(), flags.end());
    return slate::testing::run_program(std::move(command)).exit;
  };
  EXPECT_EQ(verb({"--client-cert", path("client.pem"), "--client-key", path("client.key")}), 0);
  EXPECT_EQ(verb({}), 1);
  stop();
}

TEST_F(SecurityTest, administration_has_a_port_of_its_own_when_asked) {
  start({"--admin-listen", "127.0.0.1:0"});
  ASSERT_NE(admin_url_, "");
  EXPECT_NE(admin_url_, url_);
  const http::Headers json{{"Content-Type", "application/json"}};
  EXPECT_EQ(status(Method::kPut, url_ + "/v1/datasources/notes", json, kNotes), 403);
  EXPECT_EQ(status(Method::kPut, admin_url_ + "/v1/datasources/notes", json, kNotes), 201);
  EXPECT_EQ(status(Method::kPut, admin_url_ + "/v1/lists/notes", json, kList), 201);
  for (const std::string& url : {url_, admin_url_}) {
    EXPECT_EQ(status(Method::kGet, url + "/v1/lists/notes"), 200);
    EXPECT_EQ(status(Method::kGet, url + "/healthz"), 200);
    EXPECT_EQ(status(Method::kGet, url + "/readyz"), 200);
  }
  EXPECT_EQ(status(Method::kGet, url_ + "/metrics"), 403);
  EXPECT_EQ(status(Method::kGet, admin_url_ + "/metrics"), 200);
  EXPECT_EQ(status(Method::kDelete, url_ + "/v1/lists/notes"), 403);
  EXPECT_EQ(status(Method::kDelete, admin_url_ + "/v1/lists/notes"), 204);
  stop();
}

TEST_F(SecurityTest, files_that_cannot_be_used_end_it_at_the_start_and_open_ones_are_warned_of) {
  const auto serve = [&](std::vector<std::string> options) {
    std::vector<std::string> command{SLATE_PROGRAM, "serve",    "--data",
                                     path("data"),  "--listen", "127.0.0.1:0"};
    command.insert(command.end(), options.begin(), options.end());
    return slate::testing::run_program(std::move(command));
  };
  EXPECT_THAT(serve({"--admin-token-file", path("none")}).err, HasSubstr("none"));
  const Finished shortened = serve({"--admin-token-file", write("short", "canary")});
  EXPECT_EQ(shortened.exit, 1);
  EXPECT_THAT(shortened.err, HasSubstr("line 1"));
  EXPECT_THAT(shortened.err, Not(HasSubstr("canary")));
  EXPECT_EQ(serve({"--listen", "0.0.0.0:0"}).exit, 2);

  write("admin", kAdmin);
  std::filesystem::permissions(path("admin"), std::filesystem::perms(0644));
  start({"--admin-token-file", path("admin")});
  EXPECT_THAT(server_->seen(), HasSubstr("may be read by every user"));
  stop();
}

}  // namespace
}  // namespace slate
