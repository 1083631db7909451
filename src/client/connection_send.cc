#include <algorithm>
#include <utility>

#include "base/try.h"
#include "client/connection.h"
#include "wire/frame.h"

namespace slate::client {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How long the server has, at least one millisecond; nothing when as long as it takes.
std::optional<std::chrono::milliseconds> time_left(const std::optional<TimePoint>& deadline) {
  if (!deadline || *deadline == TimePoint::max()) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - SteadyClock::now());
  return std::clamp(left, std::chrono::milliseconds(1), std::chrono::milliseconds(UINT32_MAX));
}

std::optional<Error> check_size(std::size_t message, std::size_t payload, std::size_t limit) {
  const std::size_t frame = wire::frame_bytes(message, payload);
  if (frame <= limit && message <= wire::kRequestMessageBytes) return std::nullopt;
  const auto [size, most] =
      frame > limit ? std::pair(frame, limit) : std::pair(message, wire::kRequestMessageBytes);
  return Error(Reason::kPayloadTooLarge, "the request has " + std::to_string(size) +
                                             " bytes, the server takes " + std::to_string(most));
}

}  // namespace

std::size_t Connection::frame_limit(const wire::RequestBody& body) const {
  const bool writes =
      std::holds_alternative<wire::WriteBatch>(body) || std::holds_alternative<wire::LoadRows>(body);
  const std::uint32_t told = writes ? welcome_.limits.write_frame_bytes : welcome_.limits.frame_bytes;
  return told == 0 ? wire::kFrameBytes : told;
}

// Never 0, which stands for the connection, and none that is in use.
wire::RequestId Connection::next_id() {
  do {
    if (++last_id_ == 0) {
      ids_wrapped_ = true;
      ++last_id_;
    }
  } while (ids_wrapped_ && exchanges_.contains(last_id_));
  return last_id_;
}

std::unique_ptr<Exchange> Connection::start(wire::RequestBody body, CallTerms terms,
                                            std::string_view payload) {
  const std::size_t limit = frame_limit(body);
  const auto deadline = time_left(terms.deadline);
  const auto message = wire::encode({.body = std::move(body), .deadline = deadline});
  auto exchange = std::make_unique<Exchange>(shared_from_this(), std::move(terms));
  if (!message) {
    exchange->failure_ = message.error();
    return exchange;
  }
  if (auto too_large = check_size(message->size(), payload.size(), limit)) {
    exchange->failure_ = std::move(too_large);
    return exchange;
  }
  {
    const Lock lock(mutex_);
    if (broken_) {
      exchange->failure_ = broken_;
      return exchange;
    }
    if (exchanges_.empty()) {
      silent_since_ = SteadyClock::now();
      is_pinged_ = false;
    }
    exchange->id_ = next_id();
    exchange->is_registered_ = true;
    exchanges_.emplace(exchange->id_, exchange.get());
  }
  wire::FrameWriter frame(exchange->id_, *message);
  if (!payload.empty()) frame.payload().append(payload);
  if (const auto sent = send(*exchange, frame.finish()); !sent) {
    const Lock lock(mutex_);
    fail(*exchange, sent.error());
    return exchange;
  }
  if (exchange->terms_.stop.stop_possible())
    exchange->on_stop_.emplace(exchange->terms_.stop,
                               [this, id = exchange->id_] { post(id, wire::Cancel{}); });
  return exchange;
}

Result<void> Connection::send(Exchange& exchange, const std::string& frame) {
  const TimePoint deadline = exchange.terms_.deadline.value_or(TimePoint::max());
  if (!turn_.take(deadline))
    return slate::fail(Reason::kDeadlineExceeded, "the connection was busy until the time limit");
  bool is_begun = false;
  auto sent = send_in_turn(frame, deadline, is_begun);
  turn_.give();
  if (is_begun) requests_sent_.fetch_add(1, std::memory_order_relaxed);
  send_deferred();
  return sent;
}

Result<void> Connection::send_in_turn(const std::string& frame, TimePoint deadline, bool& is_begun) {
  std::string before;
  {
    const std::scoped_lock guard(deferred_mutex_);
    before.swap(deferred_);
  }
  bool is_before_begun = false;
  auto sent = write(before, TimePoint::max(), is_before_begun);
  if (sent) sent = write(frame, deadline, is_begun);
  // Half a frame leaves nothing that could be understood behind it.
  if (!sent && (is_begun || is_before_begun || sent.error().reason() != Reason::kDeadlineExceeded)) {
    const Lock guard(mutex_);
    break_with(sent.error());
  }
  return sent;
}

// All of it, however slowly; a server that takes nothing for twice the silence that is put up with is lost.
Result<void> Connection::write(std::string_view bytes, TimePoint deadline, bool& is_begun) {
  while (!bytes.empty()) {
    const TimePoint lost = SteadyClock::now() + 2 * silence_;
    const auto written = stream_->write_some({&bytes, 1}, std::min(deadline, lost));
    if (!written && written.error().reason() == Reason::kDeadlineExceeded && lost < deadline)
      return slate::fail(Reason::kUnavailable, "the server has stopped reading");
    SLATE_TRY(written);
    is_begun = true;
    bytes.remove_prefix(*written);
  }
  return {};
}

void Connection::post(wire::RequestBody body) {
  wire::RequestId id = 0;
  {
    const Lock lock(mutex_);
    if (broken_) return;
    id = next_id();
  }
  post(id, std::move(body));
}

void Connection::post(wire::RequestId id, wire::RequestBody body) {
  const auto message = wire::encode({.body = std::move(body)});
  if (!message) return;
  {
    const std::scoped_lock guard(deferred_mutex_);
    deferred_ += wire::make_frame(id, *message);
  }
  send_deferred();
}

// Whoever has the turn meanwhile does this afterwards; what the socket does not take now goes before the next
// frame, or when the leader looks.
void Connection::send_deferred() {
  for (;;) {
    {
      const std::scoped_lock guard(deferred_mutex_);
      if (deferred_.empty()) return;
    }
    if (!turn_.try_take()) return;
    std::string bytes;
    {
      const std::scoped_lock guard(deferred_mutex_);
      bytes.swap(deferred_);
    }
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto written = stream_->write_some({&rest, 1}, SteadyClock::now());
      if (!written) break;
      rest.remove_prefix(*written);
    }
    if (!rest.empty()) {
      const std::scoped_lock guard(deferred_mutex_);
      deferred_.insert(0, rest);
    }
    turn_.give();
    if (!rest.empty()) return;
  }
}

bool SendTurn::take(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  const auto is_free = [this] { return !is_taken_; };
  if (deadline == TimePoint::max())
    free_.wait(lock, is_free);
  else if (!free_.wait_until(lock, deadline, is_free))
    return false;
  is_taken_ = true;
  return true;
}

bool SendTurn::try_take() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(is_taken_, true);
}

void SendTurn::give() {
  const std::scoped_lock lock(mutex_);
  is_taken_ = false;
  free_.notify_one();
}

}  // namespace slate::client
