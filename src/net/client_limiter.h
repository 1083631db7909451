// How much one client may take of a server.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

struct sockaddr;

namespace slate::net {

// Who counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, as one customer has
// that many of them.
struct ClientAddress {
  std::array<std::uint8_t, 8> bytes{};
  bool is_v6 = false;

  // Addresses that map IPv4 into IPv6 count as IPv4; those of another family are all one client.
  static ClientAddress of(const sockaddr& address);
  bool operator==(const ClientAddress&) const = default;
};

struct ClientLimits {
  std::size_t connections = 0;     // at once; 0: no limit
  double requests_per_second = 0;  // in the long run; 0: no limit
  double burst_seconds = 2;        // what was not used is kept for that long
};

// Counts connections and requests of each client. Requests take from a token bucket that fills steadily. A
// client is remembered while it has connections or its bucket is not full; O(1) a call, amortised. Knows no
// clock; safe from any thread.
class ClientLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ClientLimiter(ClientLimits limits) : limits_(limits) {}

  // False: the client has as many connections as it may. True: it has one more, until close().
  bool open(const ClientAddress& client, TimePoint now);
  void close(const ClientAddress& client);
  // Absent: the request may go on. Otherwise when the next one may.
  std::optional<std::chrono::seconds> take_request(const ClientAddress& client, TimePoint now);

  // Clients that are remembered.
  std::size_t size() const;

 private:
  struct Client {
    std::size_t connections = 0;
    double tokens = 0;
    TimePoint filled{};  // when `tokens` was right
  };
  struct Hash {
    std::size_t operator()(const ClientAddress& client) const;
  };

  double burst() const;
  void fill(Client& client, TimePoint now) const;
  Client& find(const ClientAddress& client, TimePoint now);
  void forget_idle(TimePoint now);

  const ClientLimits limits_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<ClientAddress, Client, Hash> clients_;
  std::size_t forget_at_ = 1024;  // clients that are remembered before idle ones are looked for
};

}  // namespace slate::net
