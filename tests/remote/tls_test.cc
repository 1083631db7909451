// The TCP protocol under TLS: real client, real server.
#include <atomic>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <slate/pool.h>

#include "base/testing/test_authority.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"
#include "net/testing/temporary_folder.h"
#include "server/server.h"
#include "server/testing/raw_client.h"
#include "wire/frame.h"

namespace slate {
namespace {

using net::testing::TemporaryFolder;
using server::testing::RawClient;
using slate::testing::TestAuthority;
using slate::testing::TestCertificate;
using slate::testing::TestUsage;
using ::testing::AnyOf;
using ::testing::HasSubstr;

enum class Mutual { kNo, kYes };

class RemoteTls : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open({.path = folder_.path("data")});
    ASSERT_TRUE(opened) << opened.error().to_string();
    stored_ = *std::move(opened);
    ASSERT_TRUE(stored_->save_datasource(
        {.id = "leads", .fields = {{.name = "notes"}}, .durability = Durability::kOs}));
  }
  void TearDown() override {
    server_.reset();
    stored_.reset();
  }

  void start(Mutual mutual = Mutual::kNo, server::ServerOptions options = {}) {
    write_pair(authority_.issue());
    net::TlsServerOptions files{.certificate = folder_.path("server.pem"),
                                .key = folder_.path("server.key"),
                                .protocols = {std::string(wire::kAlpn)}};
    if (mutual == Mutual::kYes) files.client_ca = folder_.write("clients.pem", authority_.certificate());
    auto tls = net::TlsContext::server(std::move(files));
    ASSERT_TRUE(tls) << tls.error().to_string();
    options.tls = *tls;
    start_as(std::move(options));
  }
  void start_as(server::ServerOptions options) {
    auto started = server::Server::start(std::move(options), *stored_, io_, workers_);
    ASSERT_TRUE(started) << started.error().to_string();
    server_ = *std::move(started);
  }
  void write_pair(const TestCertificate& pair) {
    folder_.write("server.key", pair.key);
    folder_.write("server.pem", pair.certificate);
  }

  ClientTls trusting(const TestAuthority& authority) {
    return {.ca = folder_.write("ca.pem", authority.certificate())};
  }
  ClientTls showing(TestAuthority& issuer) {
    const TestCertificate shown =
        issuer.issue({.name = "api", .alternatives = "", .usage = TestUsage::kClient});
    ClientTls tls = trusting(authority_);
    tls.certificate = folder_.write("client.pem", shown.certificate);
    tls.key = folder_.write("client.key", shown.key);
    return tls;
  }
  ClientOptions to_server(std::optional<ClientTls> tls, const std::string& host = "127.0.0.1") const {
    return {.address = host + ":" + std::to_string(server_->port()), .tls = std::move(tls)};
  }
  std::string refusal(std::optional<ClientTls> tls, const std::string& host = "127.0.0.1") const {
    const auto client = Client::connect(to_server(std::move(tls), host));
    if (client) return "connected";
    EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
    return client.error().message();
  }
  template <typename Condition>
  static void wait_until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      std::this_thread::yield();
    }
  }

  TemporaryFolder folder_;
  TestAuthority authority_;
  net::IoThreads io_{2};
  net::BlockingPool workers_{net::testing::patient_pool(2)};
  std::unique_ptr<EmbeddedDatabase> stored_;
  std::unique_ptr<server::Server> server_;
};

TEST_F(RemoteTls, requests_and_answers_of_every_size_go_through) {
  start();
  auto pool = ClientPool::create({.client = to_server(trusting(authority_), "localhost")});
  ASSERT_TRUE(pool) << pool.error().to_string();
  const auto remote = make_remote_database(**pool);
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 50; ++i)
    writes.push_back({.id = std::to_string(i), .cells = {{"notes", std::string(100'000, 'n')}}});
  const auto written = remote->write_batch("leads", writes);
  ASSERT_TRUE(written) << written.error().to_string();
  const auto snapshot = *remote->snapshot("leads");
  auto rows = *snapshot->query({});
  std::size_t bytes = 0;
  for (;;) {
    const auto batch = rows->next();
    ASSERT_TRUE(batch) << batch.error().to_string();
    if (*batch == nullptr) break;
    for (std::size_t i = 0; i < (*batch)->size(); ++i)
      bytes += to_record(rows->columns(), **batch, i).cells.front().second.get_if<std::string>()->size();
  }
  EXPECT_EQ(bytes, 5'000'000u);
  EXPECT_EQ(server_->stats().broken, 0u);
}

TEST_F(RemoteTls, a_server_that_is_not_the_one_meant_is_not_talked_to) {
  start();
  const TestAuthority other("Another");
  EXPECT_THAT(refusal(trusting(other)), HasSubstr("the certificate is not accepted"));
  write_pair(authority_.issue({.alternatives = "DNS:elsewhere.example"}));
  wait_until([&] { return refusal(trusting(authority_)) != "connected"; });
  EXPECT_THAT(refusal(trusting(authority_), "localhost"), HasSubstr("the certificate is not accepted"));
  wait_until([&] { return server_->stats().connections == 0; });
  EXPECT_GE(server_->stats().broken, 2u);
}

TEST_F(RemoteTls, with_mutual_tls_a_certificate_of_the_authority_is_the_key) {
  start(Mutual::kYes, {.address = "0.0.0.0"});
  TestAuthority stranger("Stranger");
  const auto is_shut_out = AnyOf(HasSubstr("certificate"), HasSubstr("unknown ca"), HasSubstr("Broken pipe"),
                                 HasSubstr("reset"), HasSubstr("ended"));
  EXPECT_THAT(refusal(trusting(authority_)), is_shut_out);
  EXPECT_THAT(refusal(showing(stranger)), is_shut_out);
  const auto client = Client::connect(to_server(showing(authority_)));
  ASSERT_TRUE(client) << client.error().to_string();
  EXPECT_TRUE((*client)->ping().get());
}

TEST_F(RemoteTls, each_side_is_told_when_only_the_other_speaks_tls) {
  start();
  EXPECT_THAT(refusal(std::nullopt), HasSubstr("may speak TLS"));
  server_.reset();
  start_as({});
  EXPECT_THAT(refusal(trusting(authority_)), HasSubstr("the other side does not speak TLS"));
  RawClient raw(server_->port());
  raw.send_bytes("\x16\x03\x01\x02");
  EXPECT_THAT(raw.receive(0).error().message(), HasSubstr("does not speak TLS"));
}

TEST_F(RemoteTls, a_handshake_that_does_not_end_is_cut) {
  server::ServerOptions options;
  options.handshake_timeout = std::chrono::milliseconds(20);
  start(Mutual::kNo, options);
  RawClient silent(server_->port());
  RawClient slow(server_->port());
  slow.send_bytes(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(silent.is_ended());
  EXPECT_TRUE(slow.is_ended());
  wait_until([&] { return server_->stats().connections == 0; });
}

TEST_F(RemoteTls, a_handshake_under_way_does_not_hold_up_the_end) {
  server::ServerOptions options;
  options.handshake_timeout = std::chrono::hours(1);
  start(Mutual::kNo, options);
  RawClient silent(server_->port());
  wait_until([&] { return server_->stats().connections == 1; });
  server_->stop(std::chrono::hours(1));
  EXPECT_TRUE(silent.is_ended());
}

TEST_F(RemoteTls, more_connections_than_allowed_are_told_so) {
  server::ServerOptions options;
  options.max_connections = 1;
  start(Mutual::kNo, options);
  const auto first = Client::connect(to_server(trusting(authority_)));
  ASSERT_TRUE(first) << first.error().to_string();
  const auto second = Client::connect(to_server(trusting(authority_)));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason(), Reason::kOverloaded);
  EXPECT_TRUE((*first)->ping().get());
}

TEST_F(RemoteTls, a_new_certificate_counts_for_new_connections_and_cuts_none) {
  start();
  TestAuthority next("Next");
  const ClientTls old_trust = trusting(authority_);
  ClientTls new_trust{.ca = folder_.write("next.pem", next.certificate())};
  std::atomic<int> failed = 0;
  std::vector<std::jthread> load;
  for (int i = 0; i < 3; ++i) {
    auto client = Client::connect(to_server(old_trust));
    ASSERT_TRUE(client) << client.error().to_string();
    load.emplace_back([&, client = *std::move(client)](const std::stop_token& is_over) {
      do {
        if (!client->count("leads", {}).get()) ++failed;
      } while (!is_over.stop_requested());
    });
  }
  write_pair(next.issue());
  wait_until([&] { return Client::connect(to_server(new_trust)).has_value(); });
  load.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(refusal(new_trust), "connected");
  EXPECT_THAT(refusal(old_trust), HasSubstr("the certificate is not accepted"));
}

}  // namespace
}  // namespace slate
