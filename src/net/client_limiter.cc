#include "net/client_limiter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace slate::net {

ClientAddress ClientAddress::of(const sockaddr& address) {
  ClientAddress client;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(client.bytes.data(), &v4.sin_addr, 4);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    client.is_v6 = !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    if (client.is_v6)
      std::memcpy(client.bytes.data(), &v6.sin6_addr, 8);
    else
      std::memcpy(client.bytes.data(), v6.sin6_addr.s6_addr + 12, 4);
  }
  return client;
}

std::size_t ClientLimiter::Hash::operator()(const ClientAddress& client) const {
  const std::string_view bytes(reinterpret_cast<const char*>(client.bytes.data()), client.bytes.size());
  return std::hash<std::string_view>()(bytes) ^ static_cast<std::size_t>(client.is_v6);
}

// At least one, so that a slow rate lets requests through at all.
double ClientLimiter::burst() const {
  return std::max(1.0, limits_.requests_per_second * limits_.burst_seconds);
}

void ClientLimiter::fill(Client& client, TimePoint now) const {
  const double seconds = std::chrono::duration<double>(now - client.filled).count();
  if (seconds <= 0) return;
  client.tokens = std::min(burst(), client.tokens + seconds * limits_.requests_per_second);
  client.filled = now;
}

ClientLimiter::Client& ClientLimiter::find(const ClientAddress& client, TimePoint now) {
  if (clients_.size() >= forget_at_) forget_idle(now);
  const auto [found, is_new] = clients_.try_emplace(client, Client{.tokens = burst(), .filled = now});
  return found->second;
}

// Looks again when there are twice as many: each call pays for a constant number of clients.
void ClientLimiter::forget_idle(TimePoint now) {
  for (auto each = clients_.begin(); each != clients_.end();) {
    Client& client = each->second;
    fill(client, now);
    const bool is_full = limits_.requests_per_second == 0 || client.tokens >= burst();
    each = client.connections == 0 && is_full ? clients_.erase(each) : std::next(each);
  }
  forget_at_ = std::max<std::size_t>(1024, 2 * clients_.size());
}

bool ClientLimiter::open(const ClientAddress& client, TimePoint now) {
  if (limits_.connections == 0) return true;
  const std::scoped_lock lock(mutex_);
  Client& known = find(client, now);
  if (known.connections >= limits_.connections) return false;
  ++known.connections;
  return true;
}

void ClientLimiter::close(const ClientAddress& client) {
  const std::scoped_lock lock(mutex_);
  const auto found = clients_.find(client);
  if (found != clients_.end() && found->second.connections > 0) --found->second.connections;
}

std::optional<std::chrono::seconds> ClientLimiter::take_request(const ClientAddress& client, TimePoint now) {
  if (limits_.requests_per_second == 0) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  Client& known = find(client, now);
  fill(known, now);
  if (known.tokens >= 1) {
    --known.tokens;
    return std::nullopt;
  }
  const double seconds = std::ceil((1 - known.tokens) / limits_.requests_per_second);
  return std::chrono::seconds(
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(seconds, 3600.0))));
}

std::size_t ClientLimiter::size() const {
  const std::scoped_lock lock(mutex_);
  return clients_.size();
}

}  // namespace slate::net
