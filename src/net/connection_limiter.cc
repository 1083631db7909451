#include "net/connection_limiter.h"

#include <utility>

namespace slate::net {

std::optional<Error> ConnectionLimiter::take_place(const ClientAddress& client, TimePoint now) {
  if (!clients_.open(client, now))
    return Error(Reason::kQuotaExceeded, "too many connections are open from this address")
        .with_retry_after(1);
  if (places_.take(1)) return std::nullopt;
  clients_.close(client);
  return Error(Reason::kOverloaded, "too many connections are open").with_retry_after(1);
}

std::optional<ConnectionPermit> ConnectionLimiter::ask(const ClientAddress& client, TimePoint now) {
  auto refusal = take_place(client, now);
  (refusal ? refused_ : accepted_).fetch_add(1, std::memory_order_relaxed);
  if (refusal && !refusals_.take(1)) return std::nullopt;
  return ConnectionPermit(shared_from_this(), client, std::move(refusal));
}

ConnectionPermit::~ConnectionPermit() {
  if (!limiter_) return;
  if (refusal_) {
    limiter_->refusals_.give_back(1);
  } else {
    limiter_->places_.give_back(1);
    limiter_->clients_.close(client_);
  }
}

}  // namespace slate::net
