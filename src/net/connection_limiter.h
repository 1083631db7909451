// Who may open a connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <slate/error.h>

#include "net/allowance.h"
#include "net/client_limiter.h"

namespace slate::net {

struct ConnectionLimits {
  std::size_t connections = 10'000;  // in all, at once
  std::size_t refusals = 256;        // that are told at one time why they are not served
  ClientLimits client{};             // of one address
};

class ConnectionPermit;

// The places of a server. Safe from any thread.
class ConnectionLimiter : public std::enable_shared_from_this<ConnectionLimiter> {
 public:
  using TimePoint = ClientLimiter::TimePoint;

  explicit ConnectionLimiter(const ConnectionLimits& limits)
      : places_(limits.connections), refusals_(limits.refusals), clients_(limits.client) {}

  // With a refusal when there is no place. Absent when even those who are refused are too many: the
  // connection is to be closed without a word. REQUIRES: a shared_ptr owns this.
  std::optional<ConnectionPermit> ask(const ClientAddress& client, TimePoint now);
  // As of ClientLimiter.
  std::optional<std::chrono::seconds> take_request(const ClientAddress& client, TimePoint now) {
    return clients_.take_request(client, now);
  }

  // Since the start.
  std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  friend class ConnectionPermit;
  std::optional<Error> take_place(const ClientAddress& client, TimePoint now);

  Allowance places_;
  Allowance refusals_;
  ClientLimiter clients_;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

// A connection's place among those of the server and of its client, until the object goes.
class ConnectionPermit {
 public:
  ConnectionPermit(ConnectionPermit&&) noexcept = default;
  ConnectionPermit& operator=(ConnectionPermit&&) = delete;
  ~ConnectionPermit();

  const ClientAddress& client() const { return client_; }
  // quota_exceeded for the client's limit, overloaded for the server's, both with when to come again.
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  friend class ConnectionLimiter;
  ConnectionPermit(std::shared_ptr<ConnectionLimiter> limiter, const ClientAddress& client,
                   std::optional<Error> refusal)
      : limiter_(std::move(limiter)), client_(client), refusal_(std::move(refusal)) {}

  std::shared_ptr<ConnectionLimiter> limiter_;  // null: moved from
  ClientAddress client_;
  std::optional<Error> refusal_;
};

}  // namespace slate::net
