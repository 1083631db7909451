#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "server/testing/server_fixture.h"

namespace slate::server {
namespace {

using std::chrono::milliseconds;
using testing::RawClient;

class ServerLimitsTest : public testing::ServerFixture {};

bool is_secret(std::string_view token) { return token == "secret"; }

TEST_F(ServerLimitsTest, beyond_loopback_a_token_is_required) {
  options_.address = "0.0.0.0";
  auto refused = Server::start(options_, *database_, io_, pool_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
  options_.accepts_token = is_secret;
  start();
  RawClient client = connect("secret");
  (void)client.ask(wire::Ping{}).as<wire::Pong>();
}

TEST_F(ServerLimitsTest, without_the_token_nothing_is_answered) {
  options_.accepts_token = is_secret;
  start();
  for (const char* token : {"", "wrong!"}) {
    RawClient client(server_->port());
    EXPECT_EQ(client.greet(token).error().reason(), Reason::kUnauthenticated);
    EXPECT_TRUE(client.is_ended());
  }
  wait_until([&] { return server_->stats().connections == 0; });
  EXPECT_EQ(server_->stats().broken, 2u);
}

TEST_F(ServerLimitsTest, another_protocol_is_told_so) {
  start();
  RawClient client(server_->port());
  client.send_bytes("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kInvalidArgument);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, a_malformed_frame_ends_its_connection_and_no_other) {
  fill(10);
  start();
  RawClient good = connect();
  RawClient bad = connect();
  bad.send_bytes(wire::make_frame(77, "\xff\xff\xff"));
  EXPECT_EQ(bad.receive(77).error().reason(), Reason::kInvalidArgument);
  EXPECT_TRUE(bad.is_ended());
  EXPECT_EQ(good.query(all_of()).records.size(), 10u);
}

TEST_F(ServerLimitsTest, a_frame_beyond_the_limit_is_refused_before_it_comes) {
  start();
  RawClient client = connect();
  client.send_bytes(std::string_view("\xff\xff\xff\x7f", 4));
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kPayloadTooLarge);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, large_writes_are_taken_when_configured) {
  fill(1);
  options_.write_frame_bytes = 32u << 20;
  start();
  RawClient client = connect();
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 20; ++i)
    writes.push_back({.id = fmt::format("w{}", i), .cells = {{"notes", std::string(1 << 20, 'x')}}});
  EXPECT_EQ(client.ask(wire::WriteBatch{.datasource = "prospects", .count = 20}, payload_of(writes))
                .as<WriteCounts>()
                .inserted,
            20u);
  wait_until([&] { return server_->stats().held_bytes == 0; });
}

TEST_F(ServerLimitsTest, frames_of_all_connections_together_are_limited) {
  fill(1);
  options_.total_frame_bytes = 1 << 16;
  start();
  RawClient client = connect();
  const std::vector<RecordWrite> writes{{.id = "w", .cells = {{"notes", std::string(1 << 20, 'x')}}}};
  client.send(wire::WriteBatch{.datasource = "prospects", .count = 1}, payload_of(writes));
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kOverloaded);
  wait_until([&] { return server_->stats().held_bytes == 0; });
}

TEST_F(ServerLimitsTest, more_connections_than_allowed_are_told_so) {
  options_.max_connections = 1;
  start();
  {
    RawClient first = connect();
    RawClient second(server_->port());
    EXPECT_EQ(second.receive(0).error().reason(), Reason::kOverloaded);
    EXPECT_TRUE(second.is_ended());
    (void)first.ask(wire::Ping{}).as<wire::Pong>();
  }
  wait_until([&] { return server_->stats().connections == 0; });
  (void)connect().ask(wire::Ping{}).as<wire::Pong>();
  EXPECT_EQ(server_->stats().refused, 1u);
}

TEST_F(ServerLimitsTest, connections_of_one_address_are_limited) {
  options_.client.connections = 1;
  start();
  const RawClient first = connect();
  RawClient second(server_->port());
  EXPECT_EQ(second.receive(0).error().reason(), Reason::kQuotaExceeded);
  EXPECT_TRUE(second.is_ended());
  EXPECT_EQ(server_->stats().accepted, 1u);
  EXPECT_EQ(server_->stats().refused, 1u);
}

TEST_F(ServerLimitsTest, more_snapshots_than_allowed_are_refused) {
  fill(1);
  options_.snapshots = 2;
  start();
  RawClient client = connect();
  (void)client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>();
  (void)client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>();
  EXPECT_EQ(client.ask(wire::OpenSnapshot{.datasource = "prospects"}).error().reason(),
            Reason::kQuotaExceeded);
}

TEST_F(ServerLimitsTest, a_snapshot_that_nothing_is_asked_of_expires) {
  fill(1);
  options_.snapshot_idle = milliseconds(10);
  start();
  RawClient client = connect();
  const auto opened = client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>();
  wait_until([&] { return server_->stats().snapshots == 0; });
  EXPECT_EQ(client.ask(wire::CountRows{.target = {.snapshot = opened.snapshot}}).error().reason(),
            Reason::kNotFound);
}

TEST_F(ServerLimitsTest, a_client_that_does_not_introduce_itself_is_dropped) {
  options_.handshake_timeout = milliseconds(10);
  start();
  RawClient client(server_->port());
  client.send_bytes(wire::kPreamble.substr(0, 3));
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kRequestTimeout);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, a_client_that_dribbles_its_hello_is_dropped) {
  options_.handshake_timeout = milliseconds(50);
  start();
  RawClient client(server_->port());
  const std::string hello =
      std::string(wire::kPreamble) +
      wire::make_frame(1, wire::encode({.body = wire::Hello{.client = "slow"}}).value());
  for (std::size_t i = 0; i + 1 < hello.size(); ++i) client.send_bytes(hello.substr(i, 1));
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kRequestTimeout);
}

TEST_F(ServerLimitsTest, a_request_that_does_not_come_to_its_end_is_not_waited_for) {
  fill(1);
  options_.frame_timeout = milliseconds(10);
  start();
  RawClient client = connect();
  const std::string frame = wire::make_frame(7, wire::encode({.body = wire::Ping{}}).value());
  client.send_bytes(frame);  // one that is whole does not count
  (void)client.receive(7).as<wire::Pong>();
  client.send_bytes(frame.substr(0, frame.size() - 1));
  EXPECT_EQ(client.receive(0).error().reason(), Reason::kRequestTimeout);
  EXPECT_TRUE(client.is_ended());
  wait_until([&] { return server_->stats().held_bytes == 0; });
}

TEST_F(ServerLimitsTest, a_request_that_comes_steadily_may_take_longer) {
  fill(1);
  options_.frame_timeout = milliseconds(0);
  options_.least_frame_bytes_per_second = 1;  // what is there has earned minutes
  start();
  const std::vector<RecordWrite> writes{{.id = "w", .cells = {{"notes", std::string(1 << 20, 'x')}}}};
  wire::FrameWriter frame(
      7, wire::encode({.body = wire::WriteBatch{.datasource = "prospects", .count = 1}}).value());
  frame.payload().append(payload_of(writes));
  const std::string bytes = frame.finish();
  RawClient client = connect();
  client.send_bytes(std::string_view(bytes).substr(0, bytes.size() / 2));
  wait_until([&] { return server_->stats().held_bytes > 0; });
  client.send_bytes(std::string_view(bytes).substr(bytes.size() / 2));
  EXPECT_EQ(client.receive(7).as<WriteCounts>().inserted, 1u);
}

TEST_F(ServerLimitsTest, an_idle_connection_is_closed) {
  options_.idle_timeout = milliseconds(10);
  start();
  RawClient client = connect();
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerLimitsTest, a_client_that_takes_nothing_is_dropped) {
  fill(20'000, 300);
  options_.write_timeout = milliseconds(50);
  start();
  RawClient client(server_->port(), 4096);
  (void)client.greet();
  client.send(all_of(std::uint64_t{1} << 40));
  wait_until([&] { return server_->stats().connections == 0; });
  EXPECT_EQ(server_->stats().queued_bytes, 0u);
}

TEST_F(ServerLimitsTest, answers_of_all_connections_together_are_limited) {
  constexpr std::size_t kRecordBytes = std::size_t{256} << 10;
  constexpr int kRequests = 24;  // of a connection: more than the kernel's buffers take
  fill(1, kRecordBytes);
  options_.total_backlog_bytes = 1 << 20;
  std::atomic<std::uint64_t> most = 0;
  std::atomic<const Server*> served = nullptr;
  options_.observer = [&most, &served, count = options_.observer](const Answered& answered) {
    count(answered);
    if (const Server* server = served)
      for (std::uint64_t now = server->stats().queued_bytes, seen = most;
           now > seen && !most.compare_exchange_weak(seen, now);) {
      }
  };
  start();
  served = server_.get();
  const wire::GetRecord get{.target = {.datasource = "prospects"}, .id = "r0"};
  std::vector<std::pair<RawClient, std::vector<wire::RequestId>>> slow;
  for (int i = 0; i < 32; ++i) {
    auto& [client, requests] =
        slow.emplace_back(RawClient(server_->port(), 4096), std::vector<wire::RequestId>());
    (void)client.greet().as<wire::Welcome>();
    for (int j = 0; j < kRequests; ++j) requests.push_back(client.send(get));
  }
  wait_for("get_record overloaded");
  for (auto& [client, requests] : slow)
    for (const auto id : requests) {
      const auto answer = client.receive(id);
      if (answer.payload_bytes >= kRecordBytes) continue;
      EXPECT_EQ(answer.error().reason(), Reason::kOverloaded);
    }
  constexpr std::uint64_t kErrors = std::uint64_t{1} << 17;  // of those that were refused
  EXPECT_LE(most, options_.total_backlog_bytes + kErrors);
  wait_until([&] { return server_->stats().queued_bytes == 0; });
  EXPECT_GT(slow.front().first.ask(get).payload_bytes, kRecordBytes);
}

TEST_F(ServerLimitsTest, clients_that_take_nothing_leave_room_for_those_who_do) {
  fill(8'000, 1'500);
  options_.total_backlog_bytes = 4u << 20;
  start();
  std::vector<std::pair<RawClient, wire::RequestId>> slow;
  for (int i = 0; i < 4; ++i) {
    auto& [client, id] = slow.emplace_back(RawClient(server_->port(), 4096), 0);
    (void)client.greet().as<wire::Welcome>();
    id = client.send(all_of(std::uint64_t{1} << 40));
  }
  // A third, when each of four has an eighth of the rest.
  wait_until([&] { return server_->stats().queued_bytes > options_.total_backlog_bytes / 4; });
  const auto rows = connect().query(all_of());
  EXPECT_FALSE(rows.error) << rows.error->to_string();
  EXPECT_EQ(rows.records.size(), 8'000u);
  EXPECT_LT(server_->stats().queued_bytes, options_.total_backlog_bytes);
  for (auto& [client, id] : slow) {
    const auto all = client.collect(id);
    EXPECT_FALSE(all.error) << all.error->to_string();
    EXPECT_EQ(all.records.size(), 8'000u);
  }
}

TEST_F(ServerLimitsTest, what_was_done_is_told_when_there_is_no_room_for_answers) {
  fill(1, 10'000);
  options_.total_backlog_bytes = 0;
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask(wire::GetRecord{.target = {.datasource = "prospects"}, .id = "r0"}).error().reason(),
            Reason::kOverloaded);
  EXPECT_EQ(client.query(all_of()).error->reason(), Reason::kOverloaded);
  const std::vector<RecordWrite> writes{{.id = "w", .cells = {{"contacts", 1}}}};
  EXPECT_EQ(client.ask(wire::WriteBatch{.datasource = "prospects", .count = 1}, payload_of(writes))
                .as<WriteCounts>()
                .inserted,
            1u);
}

TEST_F(ServerLimitsTest, answered_requests_are_told_to_the_observer) {
  fill(1);
  start();
  RawClient client = connect();
  (void)client.query(all_of());
  (void)client.ask(wire::GetList{.id = "none"});
  wait_for("run_query ok");
  wait_for("get_list not_found");
  EXPECT_GT(server_->stats().bytes_sent, 0u);
  EXPECT_GT(server_->stats().bytes_received, 0u);
}

}  // namespace
}  // namespace slate::server
