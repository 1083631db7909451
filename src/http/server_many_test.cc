// Very many connections at once.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/allocated_bytes.h"
#include "base/testing/test_authority.h"
#include "http/testing/server_test_base.h"
#include "net/client_stream.h"
#include "net/testing/many_connections.h"
#include "net/testing/temporary_folder.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;
using net::ClientStream;
using slate::testing::allocated_bytes;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

class ServerMany : public ServerTest {
 protected:
  ServerMany() { router_.add(Method::kGet, "/hello", answer_with("hello"), Run::kInline); }

  static bool ask(ClientStream& client) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    if (!client.write(kHello, deadline)) return false;
    std::string answer;
    std::vector<char> buffer(4096);
    while (!answer.ends_with("hello")) {
      const auto got = client.read_some(buffer, deadline);
      if (!got || *got == 0) return false;
      answer.append(buffer.data(), *got);
    }
    return true;
  }
};

TEST_F(ServerMany, ten_thousand_idle_connections_are_held_in_bounded_memory) {
  const std::size_t count = net::testing::many_connections(10'000);
  ASSERT_GE(count, 1'000u) << "the limit on open files is too low for many connections";
  start({.idle_timeout = 1h, .max_connections = count, .client = {}});
  std::vector<RawSocket> sockets;
  sockets.reserve(count);
  for (int i = 0; i < 100; ++i) sockets.emplace_back(server_->port());  // what grows once has grown
  const auto ask_raw = [](RawSocket& socket) {
    socket.send(kHello);
    return socket.read_response().body == "hello";
  };
  for (auto& socket : sockets) ASSERT_TRUE(ask_raw(socket));
  const std::size_t before = allocated_bytes();
  while (sockets.size() < count) {
    sockets.emplace_back(server_->port());
    ASSERT_TRUE(sockets.back().connected()) << sockets.size();
    ASSERT_TRUE(ask_raw(sockets.back())) << sockets.size();
  }
  EXPECT_EQ(server_->connections(), count);
  const std::size_t each = (allocated_bytes() - before) / (count - 100);
  EXPECT_LE(each, 4096u) << "bytes an idle connection";
  RecordProperty("bytes_a_connection", static_cast<int>(each));
  for (std::size_t i = 0; i < count; i += 97) EXPECT_TRUE(ask_raw(sockets[i])) << i;
}

TEST_F(ServerMany, idle_connections_under_tls_are_held_in_bounded_memory) {
  slate::testing::TestAuthority authority;
  const net::testing::TemporaryFolder folder;
  const auto certificate = authority.issue();
  const auto tls =
      net::TlsContext::server({.certificate = folder.write("server.pem", certificate.certificate),
                               .key = folder.write("server.key", certificate.key)},
                              net::Reload::kNever);
  ASSERT_TRUE(tls) << tls.error().to_string();
  const auto ours =
      net::TlsContext::client({.ca = folder.write("ca.pem", authority.certificate())}, net::Reload::kNever);
  ASSERT_TRUE(ours) << ours.error().to_string();
  const std::size_t count = net::testing::many_connections(2'000);
  ASSERT_GE(count, 1'000u) << "the limit on open files is too low for many connections";
  start({.tls = *tls, .idle_timeout = 1h, .max_connections = count, .client = {}});
  std::vector<std::unique_ptr<ClientStream>> clients;
  std::size_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 100) before = allocated_bytes();
    auto client = ClientStream::connect("127.0.0.1", server_->port(),
                                        std::chrono::steady_clock::now() + kPatience, ours->get());
    ASSERT_TRUE(client) << client.error().to_string();
    ASSERT_TRUE(ask(**client)) << i;
    clients.push_back(*std::move(client));
  }
  EXPECT_EQ(server_->connections(), count);
  // Both ends: the client's is about as large.
  const std::size_t each = (allocated_bytes() - before) / (count - 100);
  EXPECT_LE(each, 96u << 10) << "bytes an idle connection, both ends";
  RecordProperty("bytes_a_connection", static_cast<int>(each));
}

}  // namespace
}  // namespace slate::http::testing
