#include "bench/net/http_load.h"

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/log.h"
#include "http/server.h"

namespace slate::bench::network {
namespace {

using std::chrono::milliseconds;

class HttpLoadTest : public ::testing::Test {
 protected:
  HttpLoadTest() {
    log::configure(log::Level::kOff, log::Format::kText);
    http::Router router;
    router.add(http::Method::kGet, "/page", [this](const http::Request&, http::Respond respond) {
      ++asked_;
      respond(http::Response::json(200, std::string(100'000, 'x')));
    });
    auto server = http::Server::start({.client = {.connections = 8}}, std::move(router), io_, pool_);
    if (!server) throw std::runtime_error(server.error().to_string());
    server_ = *std::move(server);
  }

  LoadTarget target(std::vector<std::string> requests) const {
    return {.port = server_->port(), .requests = std::move(requests)};
  }

  std::atomic<std::uint64_t> asked_ = 0;
  net::IoThreads io_{1};
  net::BlockingPool pool_{{.threads = 2}};
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpLoadTest, closed_loop_asks_again_when_it_has_its_answer) {
  const auto result =
      run_load(target({get_request("/page")}), {.connections = 4, .duration = milliseconds(200)});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_GT(result->good(), 0u);
  EXPECT_EQ(result->answers.size(), 1u);
  EXPECT_LE(result->due - result->good(), 4u) << "one a connection may be under way at the end";
  EXPECT_GE(result->bytes, result->good() * 100'000);
  EXPECT_EQ(result->latencies.count(), result->good());
  EXPECT_EQ(result->broken, 0u);
}

TEST_F(HttpLoadTest, open_loop_asks_at_its_rate_whatever_the_answers) {
  const auto result = run_load(target({get_request("/page"), get_request("/none")}),
                               {.connections = 8, .rate = 200, .duration = milliseconds(500)});
  ASSERT_TRUE(result) << result.error().to_string();
  // As many as the fixed seed makes of 100, but for a slow machine's last ones.
  EXPECT_GT(result->due, 50u);
  EXPECT_LT(result->due, 150u);
  EXPECT_GT(result->answers.at(200), 0u);
  EXPECT_GT(result->answers.at(404), 0u);
}

TEST_F(HttpLoadTest, connections_of_one_address_too_many_are_told_so_and_others_are_served) {
  const auto result = run_load(target({get_request("/page")}),
                               {.connections = 24, .addresses = 2, .duration = milliseconds(300)});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_GT(result->answers.at(429), 0u);
  EXPECT_GT(result->answers.at(200), 0u);
}

TEST_F(HttpLoadTest, nobody_there_is_an_error) {
  const auto port = server_->port();
  server_->stop(milliseconds(0));
  const auto result = run_load({.port = port, .requests = {get_request("/page")}},
                               {.connections = 2, .duration = milliseconds(50)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason(), Reason::kUnavailable);
}

}  // namespace
}  // namespace slate::bench::network
