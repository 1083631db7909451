#include "server/call.h"

#include <fmt/format.h>
#include <utility>

#include "wire/frame.h"

namespace slate::server {
namespace {

// What was done is said even where there is no memory left for answers. The number of requests bounds it.
constexpr std::size_t kAlwaysToldBytes = 4096;

slate::Error no_room() {
  return slate::Error(Reason::kOverloaded, "too many answers wait for clients to take them")
      .with_retry_after(1);
}

}  // namespace

Call::Call(std::shared_ptr<ServerCore> core, const std::shared_ptr<Peer>& peer,
           wire::Session::Started started)
    : alive_(core->group),
      core_(std::move(core)),
      peer_(peer),
      connection_(peer->id()),
      started_(std::move(started)) {
  if (started_.request.deadline) deadline_ = arrived_ + *started_.request.deadline;
  core_->counters.requests.fetch_add(1, std::memory_order_relaxed);
  core_->counters.held_bytes.fetch_add(started_.frame.size(), std::memory_order_relaxed);
}

Call::~Call() {
  core_->counters.requests.fetch_sub(1, std::memory_order_relaxed);
  core_->counters.held_bytes.fetch_sub(started_.frame.size(), std::memory_order_relaxed);
}

std::optional<slate::Error> Call::interruption(TimePoint now) const {
  if (stop_.stop_requested()) return slate::Error(Reason::kCancelled, "the request was cancelled");
  if (deadline_ && now >= *deadline_)
    return slate::Error(Reason::kDeadlineExceeded, "the request's deadline passed");
  return std::nullopt;
}

bool Call::begins() {
  Turn before = Turn::kWaits;
  if (!turn_.compare_exchange_strong(before, Turn::kHas) && before == Turn::kGivenUp) return false;
  auto interrupted = interruption(std::chrono::steady_clock::now());
  if (!interrupted) return true;
  answer(*std::move(interrupted));
  return false;
}

bool Call::give_up(TimePoint now) {
  auto interrupted = interruption(now);
  Turn before = Turn::kWaits;
  if (!interrupted || !turn_.compare_exchange_strong(before, Turn::kGivenUp)) return false;
  answer(*std::move(interrupted));
  return true;
}

QueryOptions Call::bounded(QueryOptions options) const {
  options.deadline = deadline_;
  options.stop = stop_.get_token();
  return options;
}

bool Call::is_backlogged() const {
  const auto peer = peer_.lock();
  return peer != nullptr && peer->is_backlogged();
}

Result<void> Call::send(const wire::Answer& part, std::string payload) {
  std::string head = wire::make_frame_head(started_.id, wire::encode(part), payload.size());
  if (!core_->queued.take(head.size() + payload.size())) return fail(no_room());
  hand_over(std::move(head), std::move(payload), Last::kNo);
  return {};
}

void Call::answer(const wire::Answer& answer, std::string payload) {
  if (answered_.exchange(true)) return;
  const std::string message = wire::encode(answer);
  const auto refusal = refusal_of(wire::frame_bytes(message.size(), payload.size()));
  if (!refusal) return give(answer, message, std::move(payload));
  const wire::Answer instead = *refusal;
  const std::string why = wire::encode(instead);
  core_->queued.take_always(wire::frame_bytes(why.size(), 0));
  give(instead, why, {});
}

// Why an answer of so many bytes is not given; nothing when it is, and has its room.
std::optional<slate::Error> Call::refusal_of(std::size_t bytes) {
  if (bytes <= kAlwaysToldBytes) {
    core_->queued.take_always(bytes);
    return std::nullopt;
  }
  // A client could not take it, and would have to end the connection.
  if (bytes > wire::kAnswerFrameBytes)
    return slate::Error(Reason::kQuotaExceeded, fmt::format("the answer is larger than the {} MiB of a frame",
                                                            wire::kAnswerFrameBytes >> 20))
        .with_hint("ask for less at once");
  if (!core_->queued.take(bytes)) return no_room();
  return std::nullopt;
}

void Call::give(const wire::Answer& answer, std::string_view message, std::string payload) {
  if (core_->options.observer) {
    const auto* error = std::get_if<slate::Error>(&answer);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - arrived_;
    core_->options.observer({.request = wire::request_name(started_.request.body),
                             .outcome = error != nullptr ? reason_info(error->reason()).name : "ok",
                             .seconds = took.count()});
  }
  std::string head = wire::make_frame_head(started_.id, message, payload.size());
  hand_over(std::move(head), std::move(payload), Last::kYes);
}

void Call::hand_over(std::string head, std::string payload, Last last) {
  if (const auto peer = peer_.lock())
    return peer->send(started_.id, std::move(head), std::move(payload), last);
  core_->queued.give_back(head.size() + payload.size());
}

AtOnce::AtOnce(const Call& call, const QueryOptions& asked) : options_(call.bounded(asked)) {
  const ServerOptions& limits = call.core().options;
  const auto until = std::chrono::steady_clock::now() + limits.inline_time;
  limits_rows_ = !options_.max_rows_examined || *options_.max_rows_examined > limits.inline_rows;
  if (limits_rows_) options_.max_rows_examined = limits.inline_rows;
  limits_time_ = !options_.deadline || *options_.deadline > until;
  if (limits_time_) options_.deadline = until;
}

bool AtOnce::is_cause_of(const slate::Error& error) const {
  return (limits_rows_ && error.reason() == Reason::kQuotaExceeded) ||
         (limits_time_ && error.reason() == Reason::kDeadlineExceeded);
}

}  // namespace slate::server
