#include "http/connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "http/exchange.h"
#include "http/gzip.h"
#include "http/problem.h"
#include "http/request_parser.h"
#include "http/responder.h"
#include "http/response_head.h"
#include "http/server_core.h"
#include "net/stream.h"

namespace slate::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr std::size_t kHeaderRead = 4096;
constexpr std::size_t kBodyRead = 65536;
// How long a client that was refused in the middle of its request may go on sending, so that it reads the
// answer instead of a reset connection.
constexpr std::chrono::seconds kLinger{2};
constexpr std::string_view kContinueLine = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr int kClientLeft = 499;

Result<bool> call_next(BodyStream& stream, std::string& chunk) {
  try {
    return stream.next(chunk);
  } catch (const std::exception& error) {
    log::error("a streamed answer threw", {{"what", error.what()}});
  } catch (...) {
    log::error("a streamed answer threw");
  }
  return fail(Reason::kInternal, "the answer could not be made");
}

enum class State : std::uint8_t {
  kHandshake,   // of TLS
  kReading,     // for the next request, or more of it
  kContinuing,  // writing "100 Continue"
  kHandling,    // the handler owes an answer
  kResponding,  // writing, or waiting for the stream's next chunk
  kPuttingOff,  // the request was one too many, and so was another a moment ago: the answer waits
  kLingering,   // answered and closed for writing; reads and forgets
  kClosed,
};

// Everything but the interface runs on the stream's strand. While it is open it always waits for more to read
// (unless the client is to be slowed down), so that a client that leaves is noticed whatever else goes on;
// one write at most is under way.
class Http1Connection final : public Connection, public std::enable_shared_from_this<Http1Connection> {
 public:
  Http1Connection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit)
      : alive_(core->group),
        core_(std::move(core)),
        permit_(std::move(permit)),
        stream_(core_->io, socket, core_->options.tls.get()),
        parser_({.header_bytes = core_->options.header_bytes, .body_bytes = core_->options.body_bytes}) {}

  void start() {
    stream_.start(weak_from_this(), [this] { on_deadline(); });
    stream_.post([this] { shake_hands(); });
  }

  void respond(std::uint64_t request, Response answer) override {
    stream_.dispatch([this, request, response = std::move(answer)]() mutable {
      if (is_waiting_for(request, State::kHandling)) send(std::move(response));
    });
  }
  void close_when_idle() override {
    stream_.post([this] { close_if_idle(); });
  }
  void close_now() override {
    stream_.post([this] { abandon(); });
  }

 private:
  void shake_hands() {
    if (!stream_.is_open()) return close();
    stream_.set_deadline(SteadyClock::now() + core_->options.handshake_timeout);
    stream_.async_handshake([this](net::IoResult result) {
      if (result.state != net::IoState::kDone) {
        log::debug("a TLS handshake failed", {{"why", stream_.problem()}});
        return close();
      }
      clear_deadline();
      state_ = State::kReading;
      if (permit_.refusal()) return refuse(*permit_.refusal());
      process();
    });
  }

  void read_more() {
    if (read_pending_ || peer_finished_ || state_ == State::kClosed) return;
    if (state_ != State::kLingering && !parser_.has_room()) return;
    read_pending_ = true;
    stream_.when_readable([this] {
      read_pending_ = false;
      read();
    });
  }

  void read() {
    if (state_ == State::kClosed) return;
    // One for each I/O thread: connections that wait hold none.
    thread_local std::array<char, kBodyRead> buffer;
    const bool in_body = state_ == State::kReading && parser_.phase() == RequestParser::Phase::kBody;
    const net::IoResult result = stream_.read(std::span(buffer).first(in_body ? kBodyRead : kHeaderRead));
    switch (result.state) {
      case net::IoState::kWantRead:
      case net::IoState::kWantWrite: return read_more();
      case net::IoState::kBroken: return abandon();
      case net::IoState::kEnd: return on_end();
      case net::IoState::kDone: break;
    }
    if (state_ == State::kLingering) return read_more();
    parser_.feed({buffer.data(), result.bytes});
    if (state_ == State::kReading)
      process();
    else
      read_more();
  }

  // The client may only have closed its sending side; more often it has left. Work for it is asked to stop,
  // and an answer that comes all the same is written.
  void on_end() {
    peer_finished_ = true;
    if (state_ == State::kReading || state_ == State::kLingering) return close();
    if (state_ == State::kPuttingOff) return send_refusal(std::move(refusal_));
    if (exchange_) std::stop_source(exchange_->stop).request_stop();
  }

  // Goes as far as the bytes at hand allow.
  void process() {
    while (state_ == State::kReading) {
      if (!began_ && parser_.buffered() > 0) began_ = SteadyClock::now();
      const auto step = parser_.advance();
      if (!step) return refuse(step.error());
      switch (*step) {
        case RequestParser::Step::kNeedMore: return wait_for_more();
        case RequestParser::Step::kHead: on_head(); break;
        case RequestParser::Step::kRequest: return call();
      }
    }
  }

  void wait_for_more() {
    const auto& options = core_->options;
    if (exchange_)
      if (auto counted = count_body(); !counted) return refuse(std::move(counted).error());
    switch (parser_.phase()) {
      case RequestParser::Phase::kIdle:
        began_.reset();
        if (core_->group->phase() != Phase::kServing) return close();
        set_deadline(SteadyClock::now() + options.idle_timeout);
        break;
      case RequestParser::Phase::kHeader: set_deadline(*began_ + options.header_timeout); break;
      case RequestParser::Phase::kBody:
      case RequestParser::Phase::kDone: set_deadline(body_deadline()); break;
    }
    if (peer_finished_) return close();
    read_more();
  }

  // Some bytes now and then are not enough to keep a connection.
  TimePoint body_deadline() const {
    const auto& options = core_->options;
    const std::chrono::seconds earned(parser_.body_size() /
                                      std::max<std::uint64_t>(options.least_body_bytes_per_second, 1));
    return std::min(SteadyClock::now() + options.idle_timeout,
                    *began_ + options.header_timeout + options.idle_timeout + earned);
  }

  // The answer to a request that no handler will see.
  std::optional<Response> answer_early(const RequestHead& head) {
    auto answer = exchange_->find_route(head, core_->router);
    // What runs inline costs less than a refusal, and probes must not fail for others' requests.
    if (exchange_->route != nullptr && exchange_->route->run == Run::kInline) return answer;
    const auto wait = core_->limiter->take_request(permit_.client(), SteadyClock::now());
    if (!wait) return answer;
    exchange_->is_put_off = true;
    return Response::problem(Error(Reason::kQuotaExceeded, "too many requests come from this address")
                                 .with_retry_after(static_cast<int>(wait->count())));
  }

  void on_head() {
    begin_exchange();
    const RequestHead& head = parser_.head();
    if (auto answer = answer_early(head)) {
      // With the whole request at hand the connection can go on; else where the next one begins is far away.
      const auto step = parser_.advance();
      if (!step || *step != RequestParser::Step::kRequest) exchange_->after = AfterResponse::kClose;
      return exchange_->is_put_off ? put_off(*std::move(answer)) : send(*std::move(answer));
    }
    if (head.expects_continue && parser_.phase() == RequestParser::Phase::kBody && parser_.buffered() == 0) {
      state_ = State::kContinuing;
      write(std::string(kContinueLine), {}, {});
    }
  }

  void begin_exchange() {
    exchange_.emplace(parser_.head(), ++last_number_, began_.value_or(SteadyClock::now()));
  }

  // Counts what has come of the body. Errors: overloaded.
  Result<void> count_body() {
    const std::uint64_t size = parser_.body_size();
    if (size == 0) return {};
    auto& memory = exchange_->memory;
    if (!memory) memory = std::make_shared<BodyMemory>(core_->bodies);
    return memory->take(size - memory->held());
  }

  // A queued handler call. The guard comes first, so that it is the last to go.
  struct HandlerCall {
    AliveGuard guard;
    const Handler* handler;
    std::weak_ptr<Connection> connection;
    std::uint64_t number;
    Coding accepted;
    Coding body_coding;
    std::uint64_t body_limit;
    std::shared_ptr<BodyMemory> memory;
    Request request;

    void operator()() {
      if (connection.expired()) return;
      Respond respond = make_respond(std::move(connection), number, accepted);
      if (auto decoded = decode_body(); !decoded)
        return respond(Response::problem(std::move(decoded).error()));
      call_handler(*handler, std::move(request), std::move(respond));
    }

    // Handlers get what was meant, whatever it came in.
    Result<void> decode_body() {
      request.headers.remove("Content-Encoding");
      if (body_coding == Coding::kIdentity || request.body.empty()) return {};
      SLATE_TRY(request.body,
                gunzip(request.body, body_limit, [this](std::size_t more) { return memory->take(more); }));
      return {};
    }
  };

  void call() {
    if (auto counted = count_body(); !counted) return refuse(std::move(counted).error());
    Exchange& exchange = *exchange_;
    RequestHead& head = parser_.head();
    const Method method = exchange.route->method;
    Request request{.method = method,
                    .target = std::move(head.target),
                    .path = std::move(exchange.target.path),
                    .params = std::move(exchange.params),
                    .query = std::move(exchange.target.query),
                    .headers = std::move(head.headers),
                    .body = parser_.take_body(),
                    .request_id = exchange.request_id,
                    .stop = exchange.stop.get_token()};
    state_ = State::kHandling;
    clear_deadline();
    if (auto known = ask_at_once(request)) {
      encode(*known, exchange.accepted);
      send(*std::move(known));
      return read_more();
    }
    HandlerCall task{AliveGuard(core_->group),  &exchange.route->handler, weak_from_this(),
                     exchange.number,           exchange.accepted,        exchange.body_coding,
                     core_->options.body_bytes, exchange.memory,          std::move(request)};
    if (exchange.route->run == Run::kInline && exchange.body_coding == Coding::kIdentity) {
      task();
    } else if (auto queued = core_->pool.submit(std::move(task), admission(*exchange.route)); !queued) {
      return put_off(Response::problem(std::move(queued).error()));
    }
    read_more();
  }

  // Answers a request that was one too many: at once, or as long after the last such answer as has to be.
  void put_off(Response refusal) {
    exchange_->memory.reset();
    const TimePoint due = next_refusal_;
    if (SteadyClock::now() >= due || core_->group->phase() != Phase::kServing)
      return send_refusal(std::move(refusal));
    state_ = State::kPuttingOff;
    refusal_ = std::move(refusal);
    set_deadline(due);
    read_more();
  }

  void send_refusal(Response refusal) {
    next_refusal_ = SteadyClock::now() + core_->options.refusal_interval;
    send(std::move(refusal));
  }

  static net::Admission admission(const Route& route) {
    return route.run == Run::kPoolAlways ? net::Admission::kAlways : net::Admission::kLimited;
  }

  std::optional<Response> ask_at_once(const Request& request) const {
    const Route& route = *exchange_->route;
    if (!route.at_once || exchange_->body_coding != Coding::kIdentity) return std::nullopt;
    try {
      return route.at_once(request);
    } catch (const std::exception& error) {
      log::error("an answer could not be given at once", {{"what", error.what()}});
      return std::nullopt;
    }
  }

  bool is_waiting_for(std::uint64_t request, State state) const {
    return state_ == state && exchange_ && exchange_->number == request;
  }

  // An answer that the server itself gives to what is no whole request; the connection ends with it.
  void refuse(Error error) {
    if (!exchange_) begin_exchange();
    exchange_->after = AfterResponse::kClose;
    send(Response::problem(std::move(error)));
  }

  void send(Response response) {
    Exchange& exchange = *exchange_;
    response = with_problem_body(std::move(response), exchange.request_id);
    exchange.status = response.status;
    if (core_->group->phase() != Phase::kServing || peer_finished_) exchange.after = AfterResponse::kClose;
    state_ = State::kResponding;
    const bool has_no_body = response.status == 204 || response.status == 304;
    const bool is_head = exchange.method == Method::kHead;
    if (response.stream && !has_no_body && !is_head) {
      exchange.headers = std::move(response.headers);
      exchange.stream = std::move(response.stream);
      return pull();
    }
    const Framing framing = has_no_body || response.stream ? Framing::kNone : Framing::kLength;
    std::string head = make_head(response.headers, framing, response.content().size());
    if (has_no_body || is_head) response.clear_content();
    shared_body_ = std::move(response.shared_body);
    write(std::move(head), std::move(response.body), {});
  }

  std::string make_head(const Headers& headers, Framing framing, std::uint64_t length) {
    Exchange& exchange = *exchange_;
    exchange.head_written = true;
    std::string head;
    append_head(head, {.status = exchange.status,
                       .headers = headers,
                       .framing = framing,
                       .length = length,
                       .version = exchange.version,
                       .after = exchange.after,
                       .request_id = exchange.request_id,
                       .now = system_clock().now()});
    return head;
  }

  // A queued call of a stream; the guard is the last to go.
  struct StreamCall {
    AliveGuard guard;
    std::weak_ptr<Http1Connection> connection;
    std::uint64_t number;
    std::unique_ptr<BodyStream> stream;
    std::string chunk;

    void operator()() {
      if (connection.expired()) return;
      chunk.clear();
      auto more = call_next(*stream, chunk);
      const auto target = connection.lock();
      if (!target) return;
      // What it holds goes before the connection, whatever happens: nothing of a handler outlives its server.
      target->stream_.post([self = target.get(), request = number, returned = std::move(stream),
                            bytes = std::move(chunk), result = std::move(more)]() mutable {
        if (!self->is_waiting_for(request, State::kResponding)) return;
        self->exchange_->stream = std::move(returned);
        self->on_chunk(std::move(bytes), std::move(result));
      });
    }
  };

  // Asks the stream for its next chunk once it has one. Posts, so that the stream is not called on two
  // threads.
  void pull() {
    clear_deadline();
    read_more();
    const auto number = exchange_->number;
    exchange_->stream->when_ready([connection = weak_from_this(), number] {
      const auto target = connection.lock();
      if (!target) return;
      target->stream_.post([self = target.get(), number] {
        if (self->is_waiting_for(number, State::kResponding) && self->exchange_->stream) self->pull_now();
      });
    });
  }

  void pull_now() {
    StreamCall task{AliveGuard(core_->group), weak_from_this(), exchange_->number,
                    std::move(exchange_->stream), std::move(body_)};
    if (!core_->pool.submit(std::move(task), net::Admission::kAlways)) abandon();
  }

  void on_chunk(std::string chunk, Result<bool> more) {
    Exchange& exchange = *exchange_;
    if (!more) {
      if (!exchange.head_written) {
        exchange.stream.reset();
        return send(Response::problem(std::move(more).error()));
      }
      log::warning("a streamed answer broke off",
                   {{"request_id", exchange.request_id}, {"error", more.error().to_string()}});
      return cut();
    }
    exchange.stream_ended = !*more;
    const bool first = !exchange.head_written;
    if (first && exchange.stream_ended) {
      const auto length = chunk.size();
      return write(make_head(exchange.headers, Framing::kLength, length), std::move(chunk), {});
    }
    const bool chunked = exchange.version == 11;
    if (!chunked) exchange.after = AfterResponse::kClose;
    std::string before;
    if (first) before = make_head(exchange.headers, chunked ? Framing::kChunked : Framing::kClose, 0);
    std::string_view after;
    if (chunked && chunk.empty()) {
      after = exchange.stream_ended ? "0\r\n\r\n" : "";
    } else if (chunked) {
      fmt::format_to(std::back_inserter(before), "{:x}\r\n", chunk.size());
      after = exchange.stream_ended ? "\r\n0\r\n\r\n" : "\r\n";
    }
    write(std::move(before), std::move(chunk), after);
  }

  // One gathered send, as far as the kernel takes it. `after` must be of static storage.
  void write(std::string before, std::string body, std::string_view after) {
    before_ = std::move(before);
    body_ = std::move(body);
    to_write_ = {before_, shared_body_ ? std::string_view(*shared_body_) : body_, after};
    write_some();
  }

  void write_some() {
    if (std::ranges::all_of(to_write_, &std::string_view::empty)) return on_written();
    set_deadline(SteadyClock::now() + core_->options.write_timeout);
    stream_.async_write_some(to_write_, [this](net::IoResult result) {
      if (state_ == State::kClosed) return;
      if (result.state != net::IoState::kDone) return abandon();
      advance_write(result.bytes);
    });
  }

  void advance_write(std::size_t bytes) {
    if (exchange_) exchange_->bytes_written += bytes;
    for (auto& piece : to_write_) {
      const auto step = std::min(bytes, piece.size());
      piece.remove_prefix(step);
      bytes -= step;
    }
    write_some();
  }

  void on_written() {
    if (state_ == State::kContinuing) {
      state_ = State::kReading;
      return process();
    }
    if (exchange_->stream && !exchange_->stream_ended) return pull();
    finish_exchange();
  }

  void finish_exchange() {
    exchange_->record(exchange_->status, core_->options.observer);
    const auto after = exchange_->after;
    exchange_.reset();
    before_ = {};
    body_ = {};
    shared_body_.reset();
    if (after == AfterResponse::kClose) return finish_connection();
    parser_.next_request();
    began_.reset();
    state_ = State::kReading;
    process();
  }

  // The answer is out. Closing with unread bytes would reset the connection and lose it on its way.
  void finish_connection() {
    const bool more_may_come = parser_.phase() != RequestParser::Phase::kDone || parser_.buffered() > 0;
    if (peer_finished_ || !more_may_come) return close();
    stream_.finish_sending();
    state_ = State::kLingering;
    set_deadline(SteadyClock::now() + kLinger);
    read_more();
  }

  void close_if_idle() {
    const bool idle = state_ == State::kReading && parser_.phase() == RequestParser::Phase::kIdle;
    if (idle || state_ == State::kHandshake) close();
    if (state_ == State::kPuttingOff) send_refusal(std::move(refusal_));
  }

  // The client has gone, or must go: nothing more can be said.
  void abandon() {
    if (state_ == State::kClosed || !exchange_) return close();
    exchange_->record(exchange_->head_written ? exchange_->status : kClientLeft, core_->options.observer);
    // Last, since its callbacks may answer: by then there is nothing left to answer to.
    const std::stop_source stop = exchange_->stop;
    close();
    stop.request_stop();
  }

  // Ends a streamed answer so that the client can tell: without the last chunk, or with a reset where there
  // are no chunks.
  void cut() {
    if (exchange_->version == 10) stream_.close(net::Stream::Farewell::kReset);
    abandon();
  }

  void close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    exchange_.reset();
    stream_.close();
    core_->group->release(this);
  }

  void set_deadline(TimePoint deadline) { stream_.set_deadline(deadline); }
  void clear_deadline() { stream_.set_deadline(TimePoint::max()); }

  void on_deadline() {
    clear_deadline();
    if (state_ == State::kPuttingOff) return send_refusal(std::move(refusal_));
    if (state_ != State::kReading) return abandon();
    if (parser_.phase() == RequestParser::Phase::kIdle) return close();
    refuse(Error(Reason::kRequestTimeout, "the request took too long to arrive"));
  }

  AliveGuard alive_;
  const std::shared_ptr<ServerCore> core_;
  const net::ConnectionPermit permit_;
  net::Stream stream_;

  State state_ = State::kHandshake;
  RequestParser parser_;
  bool read_pending_ = false;
  bool peer_finished_ = false;  // it will send nothing more
  std::optional<TimePoint> began_;
  std::optional<Exchange> exchange_;
  std::uint64_t last_number_ = 0;
  TimePoint next_refusal_ = TimePoint::min();  // no refusal for want of room before
  Response refusal_;                           // that waits for it
  std::string before_;
  std::string body_;
  std::shared_ptr<const std::string> shared_body_;  // instead of body_
  std::array<std::string_view, 3> to_write_;
};

}  // namespace

void open_connection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit) {
  const auto group = core->group;
  const auto connection = std::make_shared<Http1Connection>(std::move(core), socket, std::move(permit));
  if (group->add(connection)) connection->start();
}

}  // namespace slate::http
