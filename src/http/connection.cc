#include "http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/wait_traits.hpp>
#include <chrono>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/log.h"
#include "http/exchange.h"
#include "http/problem.h"
#include "http/request_parser.h"
#include "http/responder.h"
#include "http/response_head.h"
#include "http/server_core.h"

namespace slate::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand>;

constexpr std::size_t kIdleRead = 4096;
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
    return fail(Reason::kInternal, std::string("the answer could not be made: ") + error.what());
  } catch (...) {
    return fail(Reason::kInternal, "the answer could not be made");
  }
}

enum class State : std::uint8_t {
  kReading,     // for the next request, or more of it
  kContinuing,  // writing "100 Continue"
  kHandling,    // the handler owes an answer
  kResponding,  // writing, or waiting for the stream's next chunk
  kLingering,   // answered and closed for writing; reads and forgets
  kClosed,
};

// Everything but the interface runs on the strand. While it is open one read is always under way (unless the
// client is to be slowed down), so that a client that leaves is noticed whatever else goes on; one write at
// most is under way. There is one timer, armed lazily: moving the deadline back costs nothing.
class Http1Connection final : public Connection, public std::enable_shared_from_this<Http1Connection> {
 public:
  Http1Connection(std::shared_ptr<ServerCore> core, int socket, Welcome welcome)
      : alive_(core->group),
        core_(std::move(core)),
        strand_(asio::make_strand(core_->io.context())),
        socket_(strand_),
        timer_(strand_),
        welcome_(welcome),
        parser_({.header_bytes = core_->options.header_bytes, .body_bytes = core_->options.body_bytes}) {
    ErrorCode error;
    // The protocol matters only for opening and for addresses, neither of which happens here.
    socket_.assign(asio::ip::tcp::v4(), socket, error);
    if (error) ::close(socket);
  }

  void start() {
    asio::post(strand_, [self = shared_from_this()] { self->welcome(); });
  }

  void respond(std::uint64_t request, Response answer) override {
    asio::dispatch(strand_, [self = shared_from_this(), request, owned = std::move(answer)]() mutable {
      auto response = std::move(owned);  // gone before the connection, even if nobody waits for it
      if (self->is_waiting_for(request, State::kHandling)) self->send(std::move(response));
    });
  }
  void close_when_idle() override {
    asio::post(strand_, [self = shared_from_this()] { self->close_if_idle(); });
  }
  void close_now() override {
    asio::post(strand_, [self = shared_from_this()] { self->abandon(); });
  }

 private:
  void welcome() {
    if (!socket_.is_open()) return close();
    if (welcome_ == Welcome::kRefuse)
      return refuse(Error(Reason::kOverloaded, "too many connections are open").with_retry_after(1));
    process();
  }

  void read_more() {
    if (read_pending_ || peer_finished_ || state_ == State::kClosed) return;
    if (state_ != State::kLingering && !parser_.has_room()) return;
    const bool in_body = state_ == State::kReading && parser_.phase() == RequestParser::Phase::kBody;
    if (const auto size = in_body ? kBodyRead : kIdleRead; size != read_buffer_.size()) {
      read_buffer_ = {};
      read_buffer_.resize(size);
    }
    read_pending_ = true;
    socket_.async_read_some(asio::buffer(read_buffer_),
                            [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                              self->read_pending_ = false;
                              self->on_read(error, bytes);
                            });
  }

  void on_read(const ErrorCode& error, std::size_t bytes) {
    if (state_ == State::kClosed) return;
    if (error == asio::error::eof) {
      // The client may only have closed its sending side; more often it has left. Work for it is asked to
      // stop, and an answer that comes all the same is written.
      peer_finished_ = true;
      if (state_ == State::kReading || state_ == State::kLingering) return close();
      if (exchange_) std::stop_source(exchange_->stop).request_stop();
      return;
    }
    if (error) return abandon();
    if (state_ == State::kLingering) return read_more();
    parser_.feed({read_buffer_.data(), bytes});
    if (state_ == State::kReading)
      process();
    else
      read_more();
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
    if (exchange_ && !count_body()) return refuse_overloaded_memory();
    switch (parser_.phase()) {
      case RequestParser::Phase::kIdle:
        began_.reset();
        if (core_->group->phase() != Phase::kServing) return close();
        set_deadline(SteadyClock::now() + options.idle_timeout);
        break;
      case RequestParser::Phase::kHeader: set_deadline(*began_ + options.header_timeout); break;
      case RequestParser::Phase::kBody:
      case RequestParser::Phase::kDone: set_deadline(SteadyClock::now() + options.idle_timeout); break;
    }
    if (peer_finished_) return close();
    read_more();
  }

  void on_head() {
    begin_exchange();
    const RequestHead& head = parser_.head();
    if (auto answer = exchange_->find_route(head, core_->router)) {
      // With the whole request at hand the connection can go on; else where the next one begins is far away.
      const auto step = parser_.advance();
      if (!step || *step != RequestParser::Step::kRequest) exchange_->after = AfterResponse::kClose;
      return send(std::move(*answer));
    }
    if (head.expects_continue && parser_.phase() == RequestParser::Phase::kBody && parser_.buffered() == 0) {
      state_ = State::kContinuing;
      write(std::string(kContinueLine), {}, {});
    }
  }

  void begin_exchange() {
    exchange_.emplace(parser_.head(), ++last_number_, began_.value_or(SteadyClock::now()));
  }

  // Counts what has come of the body. False when all bodies together would be more than the server may hold.
  bool count_body() {
    const std::uint64_t more = parser_.body_size() - exchange_->body_bytes;
    std::uint64_t held = core_->body_bytes.load(std::memory_order_relaxed);
    do {
      if (held + more > core_->options.total_body_bytes) return false;
    } while (!core_->body_bytes.compare_exchange_weak(held, held + more, std::memory_order_relaxed));
    exchange_->body_bytes += more;
    return true;
  }

  // A queued handler call. The guard comes first, so that it is the last to go.
  struct HandlerCall {
    CallGuard guard;
    const Handler* handler;
    std::weak_ptr<Connection> connection;
    std::uint64_t number;
    Request request;

    void operator()() {
      if (connection.expired()) return;
      call_handler(*handler, std::move(request), make_respond(std::move(connection), number));
    }
  };

  void call() {
    if (!count_body()) return refuse_overloaded_memory();
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
    HandlerCall task{CallGuard(core_->group), &exchange.route->handler, weak_from_this(), exchange.number,
                     std::move(request)};
    if (exchange.route->run == Run::kInline) {
      task();
    } else if (auto queued = core_->pool.submit(std::move(task)); !queued) {
      send(Response::problem(std::move(queued).error()));
    }
    read_more();
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

  void refuse_overloaded_memory() {
    refuse(Error(Reason::kOverloaded, "too many large requests are being received").with_retry_after(1));
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
    std::string head = make_head(response.headers, framing, response.body.size());
    if (has_no_body || is_head) response.body.clear();
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
    CallGuard guard;
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
      asio::post(target->strand_, [self = target, request = number, owned = std::move(stream),
                                   bytes = std::move(chunk), result = std::move(more)]() mutable {
        // Gone before the connection, whatever happens: nothing of a handler outlives its server.
        auto returned = std::move(owned);
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
      asio::post(target->strand_, [self = target, number] {
        if (self->is_waiting_for(number, State::kResponding) && self->exchange_->stream) self->pull_now();
      });
    });
  }

  void pull_now() {
    StreamCall task{CallGuard(core_->group), weak_from_this(), exchange_->number,
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
    to_write_ = {asio::buffer(before_), asio::buffer(body_), asio::buffer(after.data(), after.size())};
    write_some();
  }

  void write_some() {
    if (asio::buffer_size(to_write_) == 0) return on_written();
    set_deadline(SteadyClock::now() + core_->options.write_timeout);
    socket_.async_write_some(to_write_,
                             [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                               if (self->state_ == State::kClosed) return;
                               if (error) return self->abandon();
                               self->advance_write(bytes);
                             });
  }

  void advance_write(std::size_t bytes) {
    if (exchange_) exchange_->bytes_written += bytes;
    for (auto& buffer : to_write_) {
      const auto step = std::min(bytes, buffer.size());
      buffer += step;
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
    end_exchange();
    before_.clear();
    body_ = {};
    if (after == AfterResponse::kClose) return finish_connection();
    parser_.next_request();
    began_.reset();
    state_ = State::kReading;
    process();
  }

  void end_exchange() {
    if (!exchange_) return;
    core_->body_bytes.fetch_sub(exchange_->body_bytes);
    exchange_.reset();
  }

  // The answer is out. Closing with unread bytes would reset the connection and lose it on its way.
  void finish_connection() {
    const bool more_may_come = parser_.phase() != RequestParser::Phase::kDone || parser_.buffered() > 0;
    if (peer_finished_ || !more_may_come) return close();
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    state_ = State::kLingering;
    set_deadline(SteadyClock::now() + kLinger);
    read_more();
  }

  void close_if_idle() {
    if (state_ == State::kReading && parser_.phase() == RequestParser::Phase::kIdle) close();
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
    if (exchange_->version == 10) {
      ErrorCode ignored;
      socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    }
    abandon();
  }

  void close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    end_exchange();
    ErrorCode ignored;
    socket_.close(ignored);
    timer_.cancel();
    core_->group->release(this);
  }

  void set_deadline(TimePoint deadline) {
    deadline_ = deadline;
    if (deadline_ < armed_for_) arm();
  }
  void clear_deadline() { deadline_ = TimePoint::max(); }

  void arm() {
    armed_for_ = deadline_;
    timer_.expires_at(armed_for_);
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (error || self->state_ == State::kClosed) return;
      self->armed_for_ = TimePoint::max();
      if (SteadyClock::now() >= self->deadline_) return self->on_deadline();
      if (self->deadline_ != TimePoint::max()) self->arm();
    });
  }

  void on_deadline() {
    clear_deadline();
    if (state_ != State::kReading) return abandon();
    if (parser_.phase() == RequestParser::Phase::kIdle) return close();
    refuse(Error(Reason::kRequestTimeout, "the request took too long to arrive"));
  }

  AliveGuard alive_;
  const std::shared_ptr<ServerCore> core_;
  const Strand strand_;
  Socket socket_;
  Timer timer_;
  const Welcome welcome_;

  State state_ = State::kReading;
  RequestParser parser_;
  std::vector<char> read_buffer_;
  bool read_pending_ = false;
  bool peer_finished_ = false;  // it will send nothing more
  std::optional<TimePoint> began_;
  std::optional<Exchange> exchange_;
  std::uint64_t last_number_ = 0;
  std::string before_;
  std::string body_;
  std::array<asio::const_buffer, 3> to_write_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint armed_for_ = TimePoint::max();
};

}  // namespace

void open_connection(std::shared_ptr<ServerCore> core, int socket, Welcome welcome) {
  const auto group = core->group;
  const auto connection = std::make_shared<Http1Connection>(std::move(core), socket, welcome);
  if (group->add(connection)) connection->start();
}

}  // namespace slate::http
