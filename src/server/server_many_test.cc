// Very many connections at once.
#include <gtest/gtest.h>
#include <vector>

#include "base/testing/allocated_bytes.h"
#include "net/testing/many_connections.h"
#include "server/testing/server_fixture.h"

namespace slate::server {
namespace {

using slate::testing::allocated_bytes;
using testing::RawClient;

using ServerMany = testing::ServerFixture;

TEST_F(ServerMany, ten_thousand_idle_connections_are_held_in_bounded_memory) {
  const std::size_t count = net::testing::many_connections(10'000);
  ASSERT_GE(count, 1'000u) << "the limit on open files is too low for many connections";
  options_.idle_timeout = std::chrono::hours(1);
  options_.max_connections = count;
  start();
  std::vector<RawClient> clients;
  clients.reserve(count);
  while (clients.size() < 100) clients.push_back(connect());  // what grows once has grown
  const std::size_t before = allocated_bytes();
  while (clients.size() < count) clients.push_back(connect());
  EXPECT_EQ(server_->stats().connections, count);
  // Both ends: the client's is the smaller one.
  const std::size_t each = (allocated_bytes() - before) / (count - 100);
  EXPECT_LE(each, 8192u) << "bytes an idle connection";
  RecordProperty("bytes_a_connection", static_cast<int>(each));
  RawClient beyond(server_->port());
  EXPECT_EQ(beyond.receive(0).error().reason(), Reason::kOverloaded);
  for (std::size_t i = 0; i < count; i += 97) (void)clients[i].ask(wire::Ping{}).as<wire::Pong>();
}

}  // namespace
}  // namespace slate::server
