#include "net/tls_context.h"

#include <ctime>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/testing/test_authority.h"
#include "net/client_stream.h"
#include "net/testing/echo_server.h"
#include "net/testing/temporary_folder.h"

namespace slate::net {
namespace {

using namespace std::chrono_literals;
using slate::testing::TestAuthority;
using testing::EchoServer;
using ::testing::HasSubstr;

class TlsContextTest : public ::testing::Test {
 protected:
  TlsServerOptions write(const slate::testing::TestCertificate& certificate) {
    return {.certificate = folder_.write("server.pem", certificate.certificate),
            .key = folder_.write("server.key", certificate.key)};
  }
  std::shared_ptr<TlsContext> trusting(TestAuthority& authority) {
    auto context =
        TlsContext::client({.ca = folder_.write("ca.pem", authority.certificate())}, Reload::kNever);
    EXPECT_TRUE(context) << context.error().to_string();
    return *context;
  }
  static Result<std::unique_ptr<ClientStream>> connect(const EchoServer& server, const TlsContext& context) {
    return ClientStream::connect("localhost", server.port(), std::chrono::steady_clock::now() + 30s,
                                 &context);
  }
  static bool echoes(ClientStream& client) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    char byte = 0;
    return client.write("x", deadline) && client.read_some({&byte, 1}, deadline).value_or(0) == 1;
  }

  testing::TemporaryFolder folder_;
  TestAuthority first_{"first authority"};
  TestAuthority second_{"second authority"};
};

TEST_F(TlsContextTest, changed_files_hold_for_new_connections_and_open_ones_stay) {
  const auto tls = TlsContext::server(write(first_.issue()));
  ASSERT_TRUE(tls) << tls.error().to_string();
  const EchoServer server(tls->get());
  const auto trusts_first = trusting(first_);
  const auto trusts_second = trusting(second_);
  const auto before = connect(server, *trusts_first);
  ASSERT_TRUE(before) << before.error().to_string();
  ASSERT_FALSE(connect(server, *trusts_second));

  write(second_.issue());
  while (!connect(server, *trusts_second)) {
  }
  EXPECT_FALSE(connect(server, *trusts_first));
  EXPECT_TRUE(echoes(**before)) << "an open connection outlives its certificate's replacement";
}

TEST_F(TlsContextTest, the_end_of_the_certificate_in_use_is_told) {
  const auto ends_in = [](const TlsContext& tls) { return tls.not_after() - std::time(nullptr); };
  const auto tls = TlsContext::server(write(first_.issue({.valid_until_hours = 24})));
  ASSERT_TRUE(tls) << tls.error().to_string();
  EXPECT_NEAR(static_cast<double>(ends_in(**tls)), 24 * 3600, 600);
  write(first_.issue({.valid_until_hours = 48}));
  while (ends_in(**tls) < 47 * 3600) std::this_thread::yield();
  EXPECT_EQ(trusting(first_)->not_after(), 0);
}

TEST_F(TlsContextTest, broken_new_files_change_nothing_until_they_are_mended) {
  const auto options = write(first_.issue());
  const auto tls = TlsContext::server(options);
  ASSERT_TRUE(tls) << tls.error().to_string();
  const EchoServer server(tls->get());
  const auto trusts_first = trusting(first_);
  const auto trusts_second = trusting(second_);
  const auto current = (*tls)->current();

  const auto next = second_.issue();
  folder_.write("server.pem", "no certificate");
  folder_.write("server.pem", next.certificate);  // whose key is still that of the old one
  ASSERT_TRUE(connect(server, *trusts_first));
  EXPECT_EQ((*tls)->current(), current);
  folder_.write("server.key", next.key);
  while (!connect(server, *trusts_second)) {
  }
}

TEST_F(TlsContextTest, authorities_of_clients_are_read_again_too) {
  auto options = write(first_.issue());
  options.client_ca = folder_.write("clients.pem", first_.certificate());
  const auto tls = TlsContext::server(options);
  ASSERT_TRUE(tls) << tls.error().to_string();
  const EchoServer server(tls->get());
  const auto certificate = second_.issue({.usage = slate::testing::TestUsage::kClient});
  const auto client = TlsContext::client({.ca = folder_.write("ca.pem", first_.certificate()),
                                          .certificate = folder_.write("client.pem", certificate.certificate),
                                          .key = folder_.write("client.key", certificate.key)},
                                         Reload::kNever);
  ASSERT_TRUE(client) << client.error().to_string();
  const auto talks = [&] {
    const auto connected = connect(server, **client);
    return connected && echoes(**connected);
  };
  EXPECT_FALSE(talks());
  folder_.write("clients.pem", first_.certificate() + second_.certificate());
  while (!talks()) {
  }
}

TEST_F(TlsContextTest, only_protocols_of_both_sides_are_spoken) {
  auto options = write(first_.issue());
  options.protocols = {"http/1.1"};
  const auto tls = TlsContext::server(options, Reload::kNever);
  ASSERT_TRUE(tls);
  const EchoServer server(tls->get());
  const auto connects = [&](std::vector<std::string> protocols) {
    const auto client = TlsContext::client(
        {.ca = folder_.write("ca.pem", first_.certificate()), .protocols = std::move(protocols)},
        Reload::kNever);
    return client && connect(server, **client).has_value();
  };
  EXPECT_TRUE(connects({}));
  EXPECT_TRUE(connects({"h2", "http/1.1"}));
  EXPECT_FALSE(connects({"h2"}));
}

TEST_F(TlsContextTest, files_that_cannot_be_used_are_named) {
  const auto good = write(first_.issue());
  const auto expect = [](TlsServerOptions options, Reason reason, const std::string& part) {
    const auto context = TlsContext::server(std::move(options), Reload::kNever);
    ASSERT_FALSE(context) << part;
    EXPECT_EQ(context.error().reason(), reason) << context.error().to_string();
    EXPECT_THAT(context.error().message(), HasSubstr(part));
  };
  expect({.certificate = folder_.path("none.pem"), .key = good.key}, Reason::kNotFound, "none.pem");
  expect({.certificate = good.key, .key = good.key}, Reason::kInvalidArgument, "server.key");
  expect({.certificate = good.certificate, .key = good.certificate}, Reason::kInvalidArgument, "server.pem");
  expect({.certificate = good.certificate, .key = folder_.write("other.key", second_.issue().key)},
         Reason::kInvalidArgument, "other.key");
  expect({.certificate = good.certificate, .key = good.key, .client_ca = folder_.write("empty.pem", "")},
         Reason::kInvalidArgument, "empty.pem");
  const std::string cut = first_.certificate().substr(0, 300);
  expect({.certificate = good.certificate, .key = good.key, .client_ca = folder_.write("cut.pem", cut)},
         Reason::kInvalidArgument, "cut.pem");
}

TEST_F(TlsContextTest, a_key_with_a_passphrase_is_refused_without_asking) {
  const auto good = write(first_.issue());
  const auto locked = folder_.write("locked.key",
                                    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                    "MIIBHDBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_FALSE(TlsContext::server({.certificate = good.certificate, .key = locked}, Reload::kNever));
}

TEST_F(TlsContextTest, the_systems_authorities_do_not_know_ours) {
  const auto tls = TlsContext::server(write(first_.issue()), Reload::kNever);
  ASSERT_TRUE(tls);
  const EchoServer server(tls->get());
  const auto client = TlsContext::client({}, Reload::kNever);
  ASSERT_TRUE(client) << client.error().to_string();
  EXPECT_FALSE(connect(server, **client));
}

}  // namespace
}  // namespace slate::net
