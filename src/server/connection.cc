#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/stream.h"
#include "server/carry_out.h"
#include "server/peer.h"
#include "server/refresh_host.h"
#include "server/server_core.h"
#include "wire/session.h"

namespace slate::server {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr std::size_t kRead = 65536;
constexpr std::size_t kGathered = 8;  // pieces of one write
// How long a client that was told off may go on sending, so that it reads why instead of a reset connection.
constexpr std::chrono::seconds kLinger{2};

enum class State : std::uint8_t {
  kHandshake,  // of TLS
  kOpen,
  kEnding,     // writes what is left, takes no more requests
  kLingering,  // closed for writing; reads and forgets
  kClosed,
};

// Everything but the interface runs on the stream's strand. One read and one write at most are under way.
class TcpConnection final : public Peer, public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit)
      : alive_(core->group),
        core_(std::move(core)),
        id_(core_->last_connection.fetch_add(1) + 1),
        permit_(std::move(permit)),
        stream_(core_->io, socket, core_->options.tls.get()),
        session_({.accepts_token = core_->options.accepts_token,
                  .welcome = {.server = core_->options.version,
                              .instance = core_->instance,
                              .limits = core_->limits(),
                              .scope_key = core_->scope_key}}),
        snapshots_(core_) {}

  void start() {
    stream_.start(weak_from_this(), [this] { on_time(SteadyClock::now()); });
    stream_.post([this] { shake_hands(); });
  }

  ConnectionId id() const override { return id_; }
  // Whoever is told that it is so is told when it is over.
  bool is_backlogged() const override {
    if (!has_too_much_queued()) return false;
    somebody_waits_ = true;
    return has_too_much_queued();
  }
  void send(wire::RequestId request, std::string head, std::string payload, Last last) override {
    queued_bytes_ += head.size() + payload.size();
    stream_.dispatch([this, request, first = std::move(head), second = std::move(payload), last]() mutable {
      enqueue(std::move(first), std::move(second));
      if (last == Last::kYes) finished(request);
    });
  }
  void close_when_idle() override {
    stream_.post([this] {
      is_finishing_ = true;
      close_if_idle();
    });
  }
  void close_now() override {
    stream_.post([this] { close(); });
  }

 private:
  struct Running {
    std::shared_ptr<Call> call;
    std::shared_ptr<QueryStream> stream;  // null: no query that goes on
  };

  void shake_hands() {
    if (!stream_.is_open()) return close();
    wake_at(opened_ + core_->options.handshake_timeout);
    stream_.async_handshake([this](net::IoResult result) {
      if (result.state != net::IoState::kDone) {
        core_->counters.broken.fetch_add(1, std::memory_order_relaxed);
        log::info("a TLS handshake failed", {{"why", stream_.problem()}});
        return close();
      }
      state_ = State::kOpen;
      heard_ = SteadyClock::now();
      if (permit_.refusal()) return end(wire::answer_frame(0, *permit_.refusal()));
      read_more();
    });
  }

  // ---- Reading

  void read_more() {
    if (read_pending_ || is_turn_over_ || state_ == State::kClosed) return;
    // A client that takes no answers asks no more questions.
    if (state_ == State::kOpen && is_backlogged()) return;
    read_pending_ = true;
    stream_.when_readable([this] {
      read_pending_ = false;
      read();
    });
  }

  void read() {
    if (state_ == State::kClosed) return;
    // One for each I/O thread: connections that wait hold none.
    thread_local std::array<char, kRead> buffer;
    const net::IoResult result = stream_.read(buffer);
    switch (result.state) {
      case net::IoState::kWantRead:
      case net::IoState::kWantWrite: return read_more();
      case net::IoState::kEnd:
      case net::IoState::kBroken: return close();
      case net::IoState::kDone: break;
    }
    if (state_ == State::kOpen) {
      heard_ = SteadyClock::now();
      core_->counters.bytes_received.fetch_add(result.bytes, std::memory_order_relaxed);
      session_.feed({buffer.data(), result.bytes});
      process();
    }
    read_more();
  }

  // Goes as far as the bytes at hand and the client's appetite allow: what came together may be a thousand
  // requests, each answered here. Other connections of this thread have their turn in between.
  void process() {
    bool goes_on = true;
    bool is_new_frame = !frame_began_;
    const TimePoint turn_ends = heard_ + core_->options.inline_time;
    while (goes_on && state_ == State::kOpen && !is_backlogged()) {
      goes_on = std::visit([this](auto& step) { return perform(step); }, step_ = session_.next());
      is_new_frame = is_new_frame || goes_on;
      is_turn_over_ = goes_on && SteadyClock::now() >= turn_ends;
      if (is_turn_over_) {
        go_on_later();
        break;
      }
    }
    if (state_ != State::kOpen) return;
    time_frame(is_new_frame);
    if (!count_held())
      end(wire::answer_frame(0,
                             slate::Error(Reason::kOverloaded, "too many large requests are being received")
                                 .with_retry_after(1)));
  }

  void go_on_later() {
    stream_.post([this] {
      is_turn_over_ = false;
      heard_ = SteadyClock::now();  // what goes on was not heard any later
      process();
      read_more();
    });
  }

  // Bytes now and then are not enough to keep a connection, and the memory for a frame.
  void time_frame(bool is_new) {
    if (session_.buffered() == 0) return frame_began_.reset();
    if (is_new) frame_began_ = heard_;
    wake_at(frame_deadline());
  }
  TimePoint frame_deadline() const {
    const ServerOptions& options = core_->options;
    const std::chrono::seconds earned(session_.buffered() /
                                      std::max<std::uint64_t>(options.least_frame_bytes_per_second, 1));
    return *frame_began_ + options.frame_timeout + earned;
  }

  bool perform(wire::Session::NeedMore&) { return false; }
  bool perform(wire::Session::Greeted& greeted) {
    log::debug("a client has connected", {{"client", std::move(greeted.client)}});
    is_greeted_ = true;
    wake_at(heard_ + core_->options.idle_timeout);
    push(std::move(greeted.frame));
    return true;
  }
  bool perform(wire::Session::Started& started) {
    const wire::RequestId id = started.id;
    auto call = std::make_shared<Call>(core_, shared_from_this(), std::move(started));
    Running& running = running_[id];
    running.call = call;
    auto stream = carry_out(call, snapshots_);
    // It may have been answered and gone meanwhile.
    if (const auto found = running_.find(id); found != running_.end()) {
      found->second.stream = std::move(stream);
      wake_at(next_look(SteadyClock::now()));
    }
    if (snapshots_.size() > 0) wake_at(heard_ + core_->options.snapshot_idle);
    return true;
  }
  bool perform(wire::Session::Cancelled& cancelled) {
    if (const auto found = running_.find(cancelled.id); found != running_.end()) cancel(found->second);
    return true;
  }
  bool perform(wire::Session::Granted& granted) {
    const auto found = running_.find(granted.id);
    if (found != running_.end() && found->second.stream) found->second.stream->grant(granted.bytes);
    return true;
  }
  bool perform(wire::Session::Refused& refused) {
    if (core_->options.observer)
      core_->options.observer({.request = refused.request, .outcome = reason_info(refused.reason).name});
    push(std::move(refused.frame));
    return true;
  }
  bool perform(wire::Session::Ended& ended) {
    core_->counters.broken.fetch_add(1, std::memory_order_relaxed);
    log::info("a connection is ended", {{"error", ended.error.to_string()}});
    end(std::move(ended.frame));
    return false;
  }

  // What is held of frames that are not whole yet. False when all connections together hold too much.
  bool count_held() {
    const std::uint64_t held = session_.buffered();
    auto& total = core_->counters.held_bytes;
    if (held >= held_bytes_) {
      if (total.fetch_add(held - held_bytes_) + held - held_bytes_ > core_->options.total_frame_bytes &&
          held > held_bytes_) {
        total.fetch_sub(held - held_bytes_);
        return false;
      }
    } else {
      total.fetch_sub(held_bytes_ - held);
    }
    held_bytes_ = held;
    return true;
  }

  // ---- Requests

  void finished(wire::RequestId request) {
    session_.finished(request);
    running_.erase(request);
    heard_ = SteadyClock::now();  // it is idle from now on
    if (is_finishing_) stream_.post([this] { close_if_idle(); });
  }

  // By value: what is answered at once takes itself out.
  void cancel(Running running) {
    running.call->cancel();
    give_up(running.call, SteadyClock::now());
    if (running.stream) running.stream->poke();
    if (std::holds_alternative<wire::BeginRefresh>(running.call->request()))
      core_->refreshes->withdraw(running.call);
  }

  // What waits for a thread is told in time that it waits in vain. It stays in the queue until its turn
  // comes, so that a connection may have as many of those as requests under way: what is beyond learns of it
  // at its turn.
  void give_up(const std::shared_ptr<Call>& call, TimePoint now) {
    std::erase_if(given_up_, [](const std::weak_ptr<Call>& each) { return each.expired(); });
    if (given_up_.size() < core_->options.requests && call->give_up(now)) given_up_.push_back(call);
  }

  // ---- Writing

  // The limit changes with what others have queued, which nobody here is told of. Where nothing is queued it
  // is never too much: then what is written tells.
  bool has_too_much_queued() const {
    const std::size_t queued = queued_bytes_;
    return queued > 0 && queued >= core_->most_queued();
  }
  void push(std::string frame) {
    core_->queued.take_always(frame.size());
    queued_bytes_ += frame.size();
    enqueue(std::move(frame), {});
  }
  // Of bytes that are counted.
  void enqueue(std::string head, std::string payload) {
    if (state_ != State::kOpen && state_ != State::kEnding) {
      uncount(head.size() + payload.size());
      return;
    }
    to_write_.push_back(std::move(head));
    if (!payload.empty()) to_write_.push_back(std::move(payload));
    write_more();
  }
  // Whether somebody has waited for it and is to go on.
  bool uncount(std::size_t bytes) {
    queued_bytes_ -= bytes;
    core_->queued.give_back(bytes);
    return !has_too_much_queued() && somebody_waits_.exchange(false);
  }

  // What the socket takes goes at once; the rest when it takes more.
  void write_more() {
    while (!write_pending_ && !to_write_.empty()) {
      write_pending_ = true;
      pieces_.clear();
      for (std::size_t i = 0; i < std::min(to_write_.size(), kGathered); ++i)
        pieces_.push_back(std::string_view(to_write_[i]).substr(i == 0 ? written_ : 0));
      const auto written = stream_.write_some(pieces_, [this](net::IoResult result) {
        on_written(result);
        write_more();
      });
      if (!written) {
        write_began_ = SteadyClock::now();
        wake_at(write_began_ + core_->options.write_timeout);
        return;
      }
      on_written(*written);
    }
  }

  // Who has just asked for something to be written goes on afterwards: the connection ends later.
  void on_written(net::IoResult result) {
    if (state_ == State::kClosed) return;
    if (result.state != net::IoState::kDone) return stream_.post([this] { close(); });
    write_pending_ = false;
    const std::size_t bytes = result.bytes;
    core_->counters.bytes_sent.fetch_add(bytes, std::memory_order_relaxed);
    const bool has_room_again = uncount(bytes);
    written_ += bytes;
    while (!to_write_.empty() && written_ >= to_write_.front().size()) {
      written_ -= to_write_.front().size();
      to_write_.pop_front();
    }
    if (has_room_again) {
      if (frame_began_) frame_began_ = SteadyClock::now();  // its rest was not read meanwhile
      for (const auto& stream : streams()) stream->poke();
      go_on_later();
    }
    if (!to_write_.empty()) return;
    if (state_ == State::kEnding) return linger();
    if (is_finishing_) stream_.post([this] { close_if_idle(); });
  }

  // ---- Ending

  // The frame is the last one.
  void end(std::string frame) {
    state_ = State::kEnding;
    write_began_ = SteadyClock::now();
    wake_at(write_began_ + kLinger);
    push(std::move(frame));
    abandon_requests();
    read_more();
  }

  // Closing with unread bytes would reset the connection and lose what is on its way.
  void linger() {
    stream_.finish_sending();
    state_ = State::kLingering;
    ending_by_ = SteadyClock::now() + kLinger;
    wake_at(ending_by_);
    read_more();
  }

  void abandon_requests() {
    for (const auto& [id, running] : running_) running.call->cancel();
    running_.clear();
    if (is_greeted_) core_->refreshes->disconnect(id_);
  }

  void close_if_idle() {
    const bool is_idle = state_ == State::kOpen && running_.empty() && to_write_.empty();
    if (is_idle || state_ == State::kHandshake) close();
  }

  void close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    abandon_requests();
    core_->counters.held_bytes.fetch_sub(std::exchange(held_bytes_, 0));
    std::size_t left = 0;
    for (const std::string& piece : to_write_) left += piece.size();
    uncount(left - written_);
    stream_.close();
    core_->group->release(this);
  }

  // ---- Time

  // How often to look after what is under way.
  std::chrono::milliseconds tick() const {
    const ServerOptions& options = core_->options;
    const auto shortest = std::min({options.stall_timeout, options.snapshot_idle, options.write_timeout});
    return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(1000));
  }

  // What waits, for grants or for a thread, ends at its deadline, not at the next tick.
  TimePoint next_look(TimePoint now) const {
    TimePoint next = now + tick();
    for (const auto& [id, running] : running_)
      if (const auto& deadline = running.call->deadline(); deadline && *deadline > now)
        next = std::min(next, *deadline);
    return next;
  }

  void wake_at(TimePoint when) {
    if (when < stream_.deadline() && state_ != State::kClosed) stream_.set_deadline(when);
  }

  void on_time(TimePoint now) {
    const ServerOptions& options = core_->options;
    if (state_ == State::kHandshake) return close();
    if (state_ == State::kLingering && now >= ending_by_) return close();
    if (write_pending_ && now >= write_began_ + options.write_timeout) return close();
    if (state_ == State::kEnding && now >= write_began_ + kLinger) return close();
    if (state_ != State::kOpen) return wake_at(now + tick());
    if (!is_greeted_) {
      const TimePoint greeted_by = opened_ + options.handshake_timeout;
      if (now < greeted_by) return wake_at(greeted_by);
      return end(wire::answer_frame(0, slate::Error(Reason::kRequestTimeout, "the handshake took too long")));
    }
    if (frame_began_ && !is_backlogged()) {
      if (now >= frame_deadline())
        return end(wire::answer_frame(
            0, slate::Error(Reason::kRequestTimeout, "the request took too long to arrive")));
      wake_at(frame_deadline());
    }
    look_after_requests(now);
    snapshots_.close_idle(now - options.snapshot_idle);
    const bool is_busy = !running_.empty() || snapshots_.size() > 0 || write_pending_;
    const TimePoint idle_until = heard_ + options.idle_timeout;
    if (!is_busy && now >= idle_until) return close();
    wake_at(is_busy ? next_look(now) : idle_until);
  }

  // What waits for a thread does not notice its deadline, and a stream that waits neither that nor that
  // nothing is granted any more.
  void look_after_requests(TimePoint now) {
    for (const auto& call : calls()) give_up(call, now);
    for (const auto& [id, running] : running_) {
      if (!running.stream) continue;
      const auto since = running.stream->waiting_since();
      if (since && now >= *since + core_->options.stall_timeout) running.call->cancel();
    }
    for (const auto& stream : streams()) stream->poke();
  }

  // Copies: what is answered takes itself out.
  std::vector<std::shared_ptr<Call>> calls() const {
    std::vector<std::shared_ptr<Call>> all;
    all.reserve(running_.size());
    for (const auto& [id, running] : running_) all.push_back(running.call);
    return all;
  }
  std::vector<std::shared_ptr<QueryStream>> streams() const {
    std::vector<std::shared_ptr<QueryStream>> all;
    for (const auto& [id, running] : running_)
      if (running.stream) all.push_back(running.stream);
    return all;
  }

  AliveGuard alive_;
  const std::shared_ptr<ServerCore> core_;
  const ConnectionId id_;
  const net::ConnectionPermit permit_;
  const TimePoint opened_ = SteadyClock::now();
  net::Stream stream_;

  State state_ = State::kHandshake;
  wire::Session session_;
  wire::Session::Step step_;
  bool is_greeted_ = false;
  bool is_finishing_ = false;
  HeldSnapshots snapshots_;
  std::unordered_map<wire::RequestId, Running> running_;
  std::vector<std::weak_ptr<Call>> given_up_;  // that are in a queue all the same

  bool read_pending_ = false;
  bool is_turn_over_ = false;     // what has been read goes on soon
  std::uint64_t held_bytes_ = 0;  // of frames that are not whole, as they are counted
  TimePoint heard_{};
  std::optional<TimePoint> frame_began_;  // of one that is not whole

  std::deque<std::string> to_write_;
  std::size_t written_ = 0;  // of the first of them
  std::vector<std::string_view> pieces_;
  bool write_pending_ = false;
  TimePoint write_began_{};
  std::atomic<std::size_t> queued_bytes_ = 0;
  mutable std::atomic<bool> somebody_waits_ = false;  // until no more than may be is queued
  TimePoint ending_by_{};
};

}  // namespace

void open_connection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit) {
  const auto group = core->group;
  const auto connection = std::make_shared<TcpConnection>(std::move(core), socket, std::move(permit));
  if (group->add(connection)) connection->start();
}

}  // namespace slate::server
