#include "api/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "http/client.h"
#include "http/server.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"

namespace slate::api {
namespace {

using ::testing::HasSubstr;

class HealthPort : public ::testing::Test {
 protected:
  HealthPort() {
    auto started = http::Server::start(
        {}, make_health_router({.ready = [this] { return ready_; }, .metrics = [this] { return metrics_; }}),
        io_, pool_);
    EXPECT_TRUE(started);
    server_ = *std::move(started);
  }
  http::ClientResponse ask(const std::string& path, http::Method method = http::Method::kGet) {
    auto answer = http::request(method, "http://127.0.0.1:" + std::to_string(server_->port()) + path);
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? *std::move(answer) : http::ClientResponse{};
  }

  Result<void> ready_;
  Result<std::string> metrics_ = "up 1\n";
  net::IoThreads io_{1};
  net::BlockingPool pool_{net::testing::patient_pool(1)};
  std::unique_ptr<http::Server> server_;
};

TEST_F(HealthPort, probes_and_metrics_are_all_there_is) {
  EXPECT_THAT(ask("/healthz").body, HasSubstr("alive"));
  EXPECT_THAT(ask("/readyz").body, HasSubstr("ready"));
  const auto metrics = ask("/metrics");
  EXPECT_EQ(metrics.body, "up 1\n");
  EXPECT_EQ(metrics.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(ask("/v1/lists").status, 404);
  EXPECT_EQ(ask("/metrics", http::Method::kPost).status, 405);
}

TEST_F(HealthPort, what_is_not_ready_says_why_and_is_alive) {
  ready_ = fail(Reason::kUnavailable, "the process is ending");
  const auto answer = ask("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("the process is ending"));
  EXPECT_EQ(ask("/healthz").status, 200);
}

TEST_F(HealthPort, metrics_that_cannot_be_read_are_a_problem) {
  metrics_ = fail(Reason::kIo, "the disk is gone");
  EXPECT_EQ(ask("/metrics").status, 500);
}

}  // namespace
}  // namespace slate::api
