// `slate db` and `slate api` as processes: TLS between them, probes, metrics, and what must not be seen.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/test_authority.h"
#include "http/client.h"
#include "net/testing/patience.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using http::Method;
using net::testing::kPatience;
using slate::testing::ChildProcess;
using slate::testing::TemporaryFolder;
using slate::testing::TestAuthority;
using slate::testing::TestUsage;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "db-canary-0123456789";

class DbProcess : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!HasFailure()) return;
    if (db_) std::cerr << "---- slate db said\n" << db_->seen();
    if (api_) std::cerr << "---- slate api said\n" << api_->seen();
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // Whole, under its name, at once.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path("next")) << text;
    std::filesystem::permissions(path("next"), std::filesystem::perms(0600));
    std::filesystem::rename(path("next"), path(name));
    return path(name);
  }
  static std::unique_ptr<ChildProcess> start(std::vector<std::string> command,
                                             const std::vector<std::string>& options) {
    command.insert(command.end(), options.begin(), options.end());
    return std::make_unique<ChildProcess>(std::move(command));
  }
  void start_db(const std::vector<std::string>& options) {
    db_ = start({SLATE_PROGRAM, "db", "--data", path("data"), "--listen", "127.0.0.1:0", "--metrics-listen",
                 "127.0.0.1:0"},
                options);
    const auto ready = db_->read_until("slate db is serving on ");
    ASSERT_TRUE(ready) << db_->seen();
    address_ = word_after(*ready, "serving on ");
    metrics_ = word_after(*ready, "metrics on ");
  }
  void start_api(const std::vector<std::string>& options) {
    api_ = start({SLATE_PROGRAM, "api", "--db", address_, "--listen", "127.0.0.1:0"}, options);
    const auto ready = api_->read_until("slate is serving on ");
    ASSERT_TRUE(ready) << api_->seen();
    url_ = word_after(*ready, "serving on ");
  }
  static std::string word_after(const std::string& line, const std::string& before) {
    const auto begin = line.find(before) + before.size();
    return line.substr(begin, line.find_first_of(", ", begin) - begin);
  }
  static http::ClientResponse ask(Method method, const std::string& url, std::string body = {}) {
    http::Headers headers;
    if (!body.empty()) headers.set("Content-Type", "application/json");
    auto answer = http::request(method, url, std::move(headers), std::move(body), {.timeout = kPatience});
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? *std::move(answer) : http::ClientResponse{};
  }
  static void wait_for_status(const std::string& url, int status) {
    while (ask(Method::kGet, url).status != status) std::this_thread::yield();
  }
  // While the machine is too busy for the database to be reached in time, the API asks to come again.
  static int change(Method method, const std::string& url, const std::string& body) {
    for (;;)
      if (const int status = ask(method, url, body).status; status != 503) return status;
  }
  // Until the API is not ready for that reason.
  static void wait_for_reason(const std::string& url, const std::string& reason) {
    for (;;) {
      const auto answer = ask(Method::kGet, url + "/readyz");
      ASSERT_EQ(answer.status, 503);
      if (answer.body.find(reason) != std::string::npos) return;
    }
  }
  static void stop(ChildProcess& process) {
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.seen();
  }

  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> db_, api_;
  std::string address_, metrics_, url_;
};

TEST_F(DbProcess, mutual_tls_and_a_token_between_api_and_database) {
  TestAuthority authority;
  const auto served = authority.issue();
  const auto shown = authority.issue({.name = "api", .alternatives = "", .usage = TestUsage::kClient});
  const auto ca = write("ca.pem", authority.certificate());
  const auto token = write("token", kToken);
  start_db({"--tls-cert", write("db.pem", served.certificate), "--tls-key", write("db.key", served.key),
            "--tls-client-ca", ca, "--token-file", token});
  start_api({"--db-ca-file", ca, "--db-client-cert", write("api.pem", shown.certificate), "--db-client-key",
             write("api.key", shown.key), "--db-token-file", token});
  wait_for_status(url_ + "/readyz", 200);
  EXPECT_EQ(
      change(Method::kPut, url_ + "/v1/datasources/notes", R"({"fields":[{"name":"text","type":"string"}]})"),
      201);
  EXPECT_EQ(change(Method::kPost, url_ + "/v1/datasources/notes/records", R"([{"_id":"n1","text":"hello"}])"),
            200);

  const std::string of_db = ask(Method::kGet, metrics_ + "/metrics").body;
  EXPECT_THAT(of_db, HasSubstr(R"(slate_tcp_requests_total{outcome="ok",request="write_batch"} 1)"));
  EXPECT_THAT(of_db, HasSubstr(R"(slate_datasource_rows{datasource="notes"} 1)"));
  EXPECT_THAT(of_db, HasSubstr("slate_tls_certificate_not_after_timestamp_seconds "));
  EXPECT_THAT(of_db, HasSubstr("slate_pool_calls_running 1\n"));
  const std::string of_api = ask(Method::kGet, url_ + "/metrics").body;
  EXPECT_THAT(of_api, HasSubstr("slate_db_instances_total 1\n"));
  EXPECT_THAT(of_api, Not(HasSubstr("slate_tls_certificate")));
  stop(*api_);
  stop(*db_);
  for (const std::string& text : {db_->seen(), api_->seen(), of_db, of_api})
    EXPECT_THAT(text, Not(HasSubstr(kToken)));
}

TEST_F(DbProcess, without_the_right_authority_the_api_is_not_ready_and_says_why) {
  TestAuthority authority, other;
  const auto served = authority.issue();
  start_db({"--tls-cert", write("db.pem", served.certificate), "--tls-key", write("db.key", served.key)});
  start_api({"--db-ca-file", write("other.pem", other.certificate())});
  wait_for_reason(url_, "the certificate is not accepted");
  const auto metrics = ask(Method::kGet, url_ + "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("slate_db_connects_total 0\n"));
  EXPECT_THAT(metrics.body, Not(HasSubstr("slate_db_connect_failures_total 0\n")));
  stop(*api_);

  start_api({});
  wait_for_reason(url_, "it may speak TLS only");
  stop(*api_);
  stop(*db_);
}

TEST_F(DbProcess, probes_tell_alive_and_ready_and_nothing_else_is_served) {
  start_db({});
  EXPECT_EQ(ask(Method::kGet, metrics_ + "/healthz").status, 200);
  EXPECT_EQ(ask(Method::kGet, metrics_ + "/readyz").status, 200);
  EXPECT_EQ(ask(Method::kGet, metrics_ + "/v1/datasources").status, 404);
  stop(*db_);
}

TEST_F(DbProcess, beyond_loopback_it_starts_with_a_token_or_certificates_only) {
  const auto refused =
      slate::testing::run_program({SLATE_PROGRAM, "db", "--data", path("data"), "--listen", "0.0.0.0:0"});
  EXPECT_EQ(refused.exit, 2);
  EXPECT_THAT(refused.err, HasSubstr("needs a token or mutual TLS"));
  db_ = start({SLATE_PROGRAM, "db", "--data", path("data"), "--listen", "0.0.0.0:0"},
              {"--token-file", write("token", kToken)});
  EXPECT_TRUE(db_->read_until("slate db is serving on 0.0.0.0:")) << db_->seen();
  stop(*db_);
  EXPECT_THAT(db_->seen(), HasSubstr("tokens cross the network in the clear"));
}

}  // namespace
}  // namespace slate
