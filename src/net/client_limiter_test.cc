#include "net/client_limiter.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

namespace slate::net {
namespace {

using namespace std::chrono_literals;
using TimePoint = ClientLimiter::TimePoint;

ClientAddress v4(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, text.c_str(), &address.sin_addr);
  return ClientAddress::of(reinterpret_cast<const sockaddr&>(address));
}
ClientAddress v6(const std::string& text) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr);
  return ClientAddress::of(reinterpret_cast<const sockaddr&>(address));
}

TEST(ClientAddress, a_network_of_64_bits_is_one_client_of_ipv6) {
  EXPECT_EQ(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
  EXPECT_NE(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
  EXPECT_EQ(v6("::ffff:10.0.0.1"), v4("10.0.0.1"));
  EXPECT_NE(v4("10.0.0.1"), v4("10.0.0.2"));
}

TEST(ClientLimiter, connections_of_one_client_are_limited_and_those_of_others_are_not) {
  ClientLimiter limiter({.connections = 2});
  const TimePoint now{};
  EXPECT_TRUE(limiter.open(v4("10.0.0.1"), now));
  EXPECT_TRUE(limiter.open(v4("10.0.0.1"), now));
  EXPECT_FALSE(limiter.open(v4("10.0.0.1"), now));
  EXPECT_TRUE(limiter.open(v4("10.0.0.2"), now));
  limiter.close(v4("10.0.0.1"));
  EXPECT_TRUE(limiter.open(v4("10.0.0.1"), now));
  EXPECT_FALSE(limiter.open(v4("10.0.0.1"), now));
}

TEST(ClientLimiter, bucket_takes_a_burst_and_then_the_rate) {
  ClientLimiter limiter({.requests_per_second = 10, .burst_seconds = 2});
  const auto client = v4("10.0.0.1");
  TimePoint now{};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limiter.take_request(client, now)) << i;
  EXPECT_EQ(limiter.take_request(client, now), 1s);
  EXPECT_FALSE(limiter.take_request(v4("10.0.0.2"), now));
  now += 100ms;
  EXPECT_FALSE(limiter.take_request(client, now));
  EXPECT_TRUE(limiter.take_request(client, now));
  now += 1h;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limiter.take_request(client, now)) << i;
  EXPECT_TRUE(limiter.take_request(client, now));
}

TEST(ClientLimiter, slow_rate_says_how_long_to_wait) {
  ClientLimiter limiter({.requests_per_second = 0.1});
  const auto client = v4("10.0.0.1");
  EXPECT_FALSE(limiter.take_request(client, TimePoint{}));
  EXPECT_EQ(limiter.take_request(client, TimePoint{}), 10s);
  EXPECT_EQ(limiter.take_request(client, TimePoint{} + 4s), 6s);
  EXPECT_FALSE(limiter.take_request(client, TimePoint{} + 10s));
}

TEST(ClientLimiter, closing_a_connection_does_not_fill_the_bucket) {
  ClientLimiter limiter({.connections = 1, .requests_per_second = 1, .burst_seconds = 1});
  const auto client = v4("10.0.0.1");
  const TimePoint now{};
  EXPECT_TRUE(limiter.open(client, now));
  EXPECT_FALSE(limiter.take_request(client, now));
  limiter.close(client);
  EXPECT_TRUE(limiter.open(client, now));
  EXPECT_TRUE(limiter.take_request(client, now));
}

TEST(ClientLimiter, idle_clients_are_forgotten) {
  ClientLimiter limiter({.connections = 1, .requests_per_second = 1, .burst_seconds = 1});
  TimePoint now{};
  for (int i = 0; i < 100'000; ++i) {
    const auto client = v4("10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
                           std::to_string(i % 256));
    ASSERT_TRUE(limiter.open(client, now));
    ASSERT_FALSE(limiter.take_request(client, now));
    limiter.close(client);
    now += 10ms;
  }
  EXPECT_LE(limiter.size(), 1024u);
}

}  // namespace
}  // namespace slate::net
