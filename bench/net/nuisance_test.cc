#include "bench/net/nuisance.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/log.h"
#include "bench/net/http_load.h"
#include "http/server.h"

namespace slate::bench::network {
namespace {

using std::chrono::milliseconds;

// Alone on its address each kind of them is told off or let go, and others are served all the time.
TEST(Nuisance, others_are_served_beside_it) {
  log::configure(log::Level::kOff, log::Format::kText);
  http::Router router;
  router.add(http::Method::kGet, "/page", [](const http::Request&, http::Respond respond) {
    respond(http::Response::json(200, std::string(100'000, 'x')));
  });
  net::IoThreads io(1);
  net::BlockingPool pool({.threads = 2});
  auto server = http::Server::start({.header_timeout = milliseconds(200), .client = {.connections = 20}},
                                    std::move(router), io, pool);
  ASSERT_TRUE(server) << server.error().to_string();
  const std::uint16_t port = (*server)->port();
  Nuisance nuisance({.port = port,
                     .request = get_request("/page"),
                     .slow_senders = 4,
                     .slow_readers = 4,
                     .breakers = 5,
                     .greedy = 30});
  // 127.0.0.2 and on are other clients than those of the nuisance.
  std::uint64_t served = 0;
  Nuisance::Counts counts;
  const auto result = run_load({.port = port, .requests = {get_request("/page")}},
                               {.connections = 8, .addresses = 4, .duration = milliseconds(1'000)});
  ASSERT_TRUE(result) << result.error().to_string();
  served = result->good();
  counts = nuisance.stop();
  EXPECT_GT(served, 0u);
  EXPECT_GT(counts.connections, 30u);
  EXPECT_GT(counts.answers[429], 0u) << "the greedy ones";
  EXPECT_GT(counts.answers[408] + counts.answers[400] + counts.answers[404], 0u) << "the others";
  EXPECT_EQ(nuisance.stop().connections, counts.connections);
}

}  // namespace
}  // namespace slate::bench::network
