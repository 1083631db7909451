// One request while it is carried out. Private to the server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <slate/options.h>

#include "server/peer.h"
#include "server/server_core.h"
#include "wire/session.h"

namespace slate::server {

// Answered once; later answers, and those to a client that has left, go nowhere. Safe from any thread. As
// long as one lives the server waits for it when it stops.
class Call {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Call(std::shared_ptr<ServerCore> core, const std::shared_ptr<Peer>& peer, wire::Session::Started started);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  ServerCore& core() const { return *core_; }
  wire::RequestId id() const { return started_.id; }
  ConnectionId connection() const { return connection_; }
  const wire::RequestBody& request() const { return started_.request.body; }
  // What the request names, as T. REQUIRES: it is one.
  template <typename T>
  const T& as() const {
    return std::get<T>(started_.request.body);
  }
  std::string_view payload() const { return started_.payload(); }
  TimePoint arrived() const { return arrived_; }
  const std::optional<TimePoint>& deadline() const { return deadline_; }

  // It waits for a thread from now on, until begins() there. Not yet shared with other threads.
  void waits_for_turn() { turn_.store(Turn::kWaits, std::memory_order_relaxed); }
  // Its turn has come, or goes on. False: it is to stop, and has been told so; nothing is to be done for it.
  bool begins();
  // While it waits for its turn: answers it if it is to stop. Whether it did.
  bool give_up(TimePoint now);

  // Asks what is done for it to stop.
  void cancel() { stop_.request_stop(); }
  std::stop_token stop() const { return stop_.get_token(); }
  // cancelled or deadline_exceeded once it is to stop.
  std::optional<slate::Error> interruption(TimePoint now) const;
  // With this request's deadline and stop.
  QueryOptions bounded(QueryOptions options) const;
  bool is_answered() const { return answered_.load(std::memory_order_acquire); }
  bool is_backlogged() const;

  // A part of the answer, with more to come. Errors: overloaded when there is no memory for what is to be
  // sent.
  Result<void> send(const wire::Answer& part, std::string payload);
  // The answer, or its last part. One that no frame holds becomes a quota_exceeded, and one for which there
  // is no memory an overloaded; but what is small, such as the answer to a write, is always told.
  void answer(const wire::Answer& answer, std::string payload = {});

 private:
  enum class Turn : std::uint8_t { kHas, kWaits, kGivenUp };

  std::optional<slate::Error> refusal_of(std::size_t bytes);
  void give(const wire::Answer& answer, std::string_view message, std::string payload);
  void hand_over(std::string head, std::string payload, Last last);

  AliveGuard alive_;
  const std::shared_ptr<ServerCore> core_;
  const std::weak_ptr<Peer> peer_;
  const ConnectionId connection_;
  const wire::Session::Started started_;
  const TimePoint arrived_ = std::chrono::steady_clock::now();
  std::optional<TimePoint> deadline_;
  std::stop_source stop_;
  std::atomic<Turn> turn_ = Turn::kHas;
  std::atomic<bool> answered_ = false;
};

// The limits of what is answered on the thread that received it, on top of the request's own.
class AtOnce {
 public:
  AtOnce(const Call& call, const QueryOptions& asked);

  const QueryOptions& options() const { return options_; }
  // Whether these limits, and not the request's own, are why it failed: then it begins again elsewhere.
  bool is_cause_of(const slate::Error& error) const;

 private:
  QueryOptions options_;
  bool limits_rows_ = false;
  bool limits_time_ = false;
};

}  // namespace slate::server
