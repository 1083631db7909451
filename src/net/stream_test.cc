// Both ends of a connection: Stream on the loop, ClientStream on the test's thread, plain and under TLS.
#include "net/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/test_authority.h"
#include "net/client_stream.h"
#include "net/testing/echo_server.h"
#include "net/testing/temporary_folder.h"

namespace slate::net {
namespace {

using namespace std::chrono_literals;
using slate::testing::TestAuthority;
using slate::testing::TestCertificate;
using slate::testing::TestUsage;
using testing::EchoServer;
using ::testing::HasSubstr;

Stream::TimePoint in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Writes all of it from another thread while it reads it back.
void expect_echo(ClientStream& client, const std::string& text) {
  std::thread writer([&] { EXPECT_TRUE(client.write(text, in(30s))); });
  std::string back;
  std::vector<char> buffer(10'000);
  while (back.size() < text.size()) {
    const auto got = client.read_some(buffer, in(30s));
    if (!got || *got == 0) {
      ADD_FAILURE() << (got ? "the end" : got.error().to_string()) << " after " << back.size();
      break;
    }
    back.append(buffer.data(), *got);
  }
  writer.join();
  EXPECT_TRUE(back == text);
}

class StreamTest : public ::testing::Test {
 protected:
  std::shared_ptr<TlsContext> server_context(const TestCertificate& certificate, bool mutual = false) {
    TlsServerOptions options{.certificate = folder_.write("server.pem", certificate.certificate),
                             .key = folder_.write("server.key", certificate.key)};
    if (mutual) options.client_ca = folder_.write("clients.pem", authority_.certificate());
    auto context = TlsContext::server(std::move(options), Reload::kNever);
    EXPECT_TRUE(context) << context.error().to_string();
    return *context;
  }
  std::shared_ptr<TlsContext> client_context(const TestAuthority& trusted) {
    auto context = TlsContext::client({.ca = folder_.write("ca.pem", trusted.certificate())}, Reload::kNever);
    EXPECT_TRUE(context) << context.error().to_string();
    return *context;
  }
  std::shared_ptr<TlsContext> client_with(const TestCertificate& certificate) {
    auto context = TlsContext::client({.ca = folder_.write("ca.pem", authority_.certificate()),
                                       .certificate = folder_.write("client.pem", certificate.certificate),
                                       .key = folder_.write("client.key", certificate.key)},
                                      Reload::kNever);
    EXPECT_TRUE(context) << context.error().to_string();
    return *context;
  }
  // The refusal may come with the handshake or, in TLS 1.3, with the first read.
  static Result<std::size_t> try_to_talk(const EchoServer& server, const TlsContext& context) {
    auto client = ClientStream::connect("127.0.0.1", server.port(), in(30s), &context);
    if (!client) return fail(client.error());
    static_cast<void>((*client)->write("x", in(30s)));
    char byte = 0;
    return (*client)->read_some({&byte, 1}, in(30s));
  }

  testing::TemporaryFolder folder_;
  TestAuthority authority_;
};

TEST_F(StreamTest, plain_bytes_come_back_in_order) {
  const EchoServer server;
  const auto client = ClientStream::connect("localhost", server.port(), in(30s));
  ASSERT_TRUE(client) << client.error().to_string();
  expect_echo(**client, "hello");
  expect_echo(**client, pattern(5'000'000));
}

TEST_F(StreamTest, bytes_under_tls_come_back_in_order) {
  const auto tls = server_context(authority_.issue());
  const auto ours = client_context(authority_);
  const EchoServer server(tls.get());
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto client = ClientStream::connect(host, server.port(), in(30s), ours.get());
    ASSERT_TRUE(client) << client.error().to_string();
    expect_echo(**client, "x");
    expect_echo(**client, pattern(5'000'000));
    EXPECT_TRUE((*client)->is_quiet());
  }
}

TEST_F(StreamTest, certificate_of_an_unknown_authority_is_refused) {
  const auto tls = server_context(authority_.issue());
  const TestAuthority other("another authority");
  const auto ours = client_context(other);
  const EchoServer server(tls.get());
  const auto client = ClientStream::connect("localhost", server.port(), in(30s), ours.get());
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
  EXPECT_THAT(client.error().message(), HasSubstr("the certificate is not accepted"));
}

TEST_F(StreamTest, certificate_of_another_name_or_time_is_refused) {
  const auto ours = client_context(authority_);
  for (const auto& options :
       {slate::testing::TestCertificateOptions{.alternatives = "DNS:elsewhere.example"},
        slate::testing::TestCertificateOptions{.alternatives = "IP:127.0.0.2"},
        slate::testing::TestCertificateOptions{.valid_from_hours = -48, .valid_until_hours = -24},
        slate::testing::TestCertificateOptions{.usage = TestUsage::kClient}}) {
    const auto tls = server_context(authority_.issue(options));
    const EchoServer server(tls.get());
    const auto client = ClientStream::connect("127.0.0.1", server.port(), in(30s), ours.get());
    ASSERT_FALSE(client);
    EXPECT_THAT(client.error().message(), HasSubstr("the certificate is not accepted"));
  }
}

TEST_F(StreamTest, mutual_tls_lets_only_its_clients_in) {
  const auto tls = server_context(authority_.issue(), true);
  EXPECT_TRUE(tls->verifies_clients());
  const EchoServer server(tls.get());
  const auto known = client_with(authority_.issue({.name = "ours", .usage = TestUsage::kClient}));
  EXPECT_EQ(try_to_talk(server, *known).value_or(0), 1u);

  EXPECT_FALSE(try_to_talk(server, *client_context(authority_)));
  TestAuthority other("another authority");
  EXPECT_FALSE(try_to_talk(server, *client_with(other.issue({.usage = TestUsage::kClient}))));
  EXPECT_FALSE(try_to_talk(server, *client_with(authority_.issue({.usage = TestUsage::kServer}))));
}

TEST_F(StreamTest, what_is_no_tls_ends_and_disturbs_nobody) {
  const auto tls = server_context(authority_.issue());
  const EchoServer server(tls.get());
  const auto ours = client_context(authority_);
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\0'),
                                   std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)}) {
    const auto plain = ClientStream::connect("127.0.0.1", server.port(), in(30s));
    ASSERT_TRUE(plain);
    ASSERT_TRUE((*plain)->write(bytes, in(30s)));
    if (bytes.front() == '\x16') continue;  // half of a handshake: the client leaves
    std::vector<char> buffer(100);
    while ((*plain)->read_some(buffer, in(30s)).value_or(0) > 0) {
    }
  }
  EXPECT_EQ(try_to_talk(server, *ours).value_or(0), 1u);
}

TEST_F(StreamTest, silent_handshake_is_closed_at_its_deadline) {
  const auto tls = server_context(authority_.issue());
  const EchoServer server(tls.get(), 30ms);
  const auto client = ClientStream::connect("127.0.0.1", server.port(), in(30s));
  ASSERT_TRUE(client);
  char byte = 0;
  EXPECT_EQ((*client)->read_some({&byte, 1}, in(30s)).value_or(1), 0u);
}

TEST_F(StreamTest, silent_server_is_a_deadline_exceeded_for_handshake_and_read) {
  const EchoServer plain;  // says nothing of its own
  const auto ours = client_context(authority_);
  const auto client = ClientStream::connect("127.0.0.1", plain.port(), in(30s));
  ASSERT_TRUE(client);
  char byte = 0;
  const auto got = (*client)->read_some({&byte, 1}, in(20ms));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason(), Reason::kDeadlineExceeded);
  EXPECT_TRUE((*client)->is_quiet());
  expect_echo(**client, "still of use");

  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ::listen(listener, 1);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const auto mute = ClientStream::connect("127.0.0.1", ntohs(address.sin_port), in(50ms), ours.get());
  ASSERT_FALSE(mute);
  EXPECT_EQ(mute.error().reason(), Reason::kDeadlineExceeded);
  ::close(listener);
}

TEST_F(StreamTest, nobody_there_is_unavailable) {
  std::uint16_t port = 0;
  {
    const EchoServer gone;
    port = gone.port();
  }
  const auto client = ClientStream::connect("127.0.0.1", port, in(30s));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
  EXPECT_FALSE(ClientStream::connect("no-such-host.invalid", port, in(30s)));
}

TEST_F(StreamTest, shut_down_wakes_a_reader) {
  const EchoServer server;
  const auto client = ClientStream::connect("127.0.0.1", server.port(), in(30s));
  ASSERT_TRUE(client);
  std::thread ender([&] { (*client)->shut_down(); });
  char byte = 0;
  const auto got = (*client)->read_some({&byte, 1}, ClientStream::TimePoint::max());
  EXPECT_TRUE(!got || *got == 0);
  ender.join();
}

TEST_F(StreamTest, end_of_the_server_is_seen_as_an_end_under_tls_too) {
  const auto tls = server_context(authority_.issue());
  const auto ours = client_context(authority_);
  std::unique_ptr<ClientStream> client;
  {
    const EchoServer server(tls.get());
    auto connected = ClientStream::connect("localhost", server.port(), in(30s), ours.get());
    ASSERT_TRUE(connected) << connected.error().to_string();
    client = *std::move(connected);
    expect_echo(*client, "x");
  }
  char byte = 0;
  EXPECT_EQ(client->read_some({&byte, 1}, in(30s)).value_or(1), 0u);
  EXPECT_FALSE(client->is_quiet());
}

}  // namespace
}  // namespace slate::net
