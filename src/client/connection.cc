#include "client/connection.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "net/thread_name.h"
#include "net/token_file.h"

namespace slate::client {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How much longer than its deadline a call waits for the server to say in its own words that it has passed.
constexpr std::chrono::milliseconds kDeadlineGrace{100};
// How soon the reader's thread notices a deadline that came while it was reading.
constexpr std::chrono::milliseconds kReaderSlice{50};
// How soon the leader sends what a full socket did not take.
constexpr std::chrono::milliseconds kDeferredSlice{10};
// Frames without rows of one query that may wait.
constexpr std::size_t kMostIdleFrames = 16;

Failure protocol_error(const std::string& what) {
  return slate::fail(Reason::kUnavailable, "the server does not keep to the protocol: " + what);
}

}  // namespace

// ---- exchanges

Exchange::Exchange(std::shared_ptr<Connection> connection, CallTerms terms)
    : connection_(std::move(connection)),
      terms_(std::move(terms)),
      credit_(static_cast<std::int64_t>(terms_.window)) {}

Exchange::~Exchange() {
  on_stop_.reset();
  bool is_under_way = false;
  {
    const Connection::Lock lock(connection_->mutex_);
    is_under_way = is_registered_;
    if (is_registered_) connection_->exchanges_.erase(id_);
    if (resume_ && !is_resuming_) --connection_->awaited_;
    if (is_resuming_) std::erase(connection_->ready_, this);
  }
  if (is_under_way) connection_->post(id_, wire::Cancel{});
}

TimePoint Exchange::limit() const {
  if (!terms_.deadline || *terms_.deadline == TimePoint::max()) return TimePoint::max();
  return *terms_.deadline + kDeadlineGrace;
}

Result<ReceivedFrame> Exchange::next() { return connection_->wait_for(*this); }

bool Exchange::is_ready() {
  const Connection::Lock lock(connection_->mutex_);
  return is_done();
}

bool Exchange::when_ready(std::function<void()> resume) {
  Connection& connection = *connection_;
  const Connection::Lock lock(connection.mutex_);
  // Where no thread can be started, the caller waits itself.
  if (is_done() || !connection.start_reader()) return false;
  resume_ = std::move(resume);
  ++connection.awaited_;
  connection.next_expiry_ = std::min(connection.next_expiry_, limit());
  connection.reader_wake_.notify_one();
  return true;
}

void Exchange::grant(std::uint64_t bytes) {
  {
    const Connection::Lock lock(connection_->mutex_);
    if (!is_registered_) return;
    untold_ += bytes;
    if (untold_ < terms_.window / 2) return;
    bytes = std::exchange(untold_, 0);
    credit_ += static_cast<std::int64_t>(bytes);
  }
  connection_->post(id_, wire::Grant{.bytes = bytes});
}

void Exchange::finish() {
  on_stop_.reset();
  const Connection::Lock lock(connection_->mutex_);
  if (!std::exchange(is_registered_, false)) return;
  connection_->exchanges_.erase(id_);
}

// ---- the connection

Connection::Connection(const ClientOptions& options, const Address& address,
                       std::unique_ptr<net::ClientStream> stream)
    : address_(address),
      silence_(options.silence_timeout),
      query_window_(options.query_window_bytes),
      stream_(std::move(stream)),
      reader_(
          [this](std::span<char> into, TimePoint deadline) {
            auto got = stream_->read_some(into, deadline);
            if (got && *got > 0) is_heard_.store(true, std::memory_order_relaxed);
            return got;
          },
          wire::kAnswerFrameBytes) {}

Result<std::shared_ptr<Connection>> Connection::open(const ClientOptions& options, const Address& address,
                                                     const net::TlsContext* tls) {
  const TimePoint deadline = SteadyClock::now() + options.connect_timeout;
  const auto unreachable = [&](const Error& error) {
    const bool is_late = error.reason() == Reason::kDeadlineExceeded;
    const std::string why =
        is_late ? "no answer within " + std::to_string(options.connect_timeout.count()) + " milliseconds"
                : error.message();
    return slate::fail(Reason::kUnavailable,
                       "the database at " + address.to_string() + " cannot be reached: " + why);
  };
  auto stream = net::ClientStream::connect(address.host, address.port, deadline, tls);
  if (!stream) return unreachable(stream.error());
  std::shared_ptr<Connection> connection(new Connection(options, address, *std::move(stream)));
  if (const auto shaken = connection->shake_hands(options, deadline); !shaken) {
    const Reason reason = shaken.error().reason();
    if (reason == Reason::kDeadlineExceeded || reason == Reason::kUnavailable)
      return unreachable(shaken.error());
    return slate::fail(Error(shaken.error()).during("connecting to " + address.to_string()));
  }
  return connection;
}

Result<ReceivedFrame> Connection::be_greeted(std::string_view hello, TimePoint deadline, bool under_tls) {
  const auto ask = [&]() -> Result<ReceivedFrame> {
    SLATE_TRY(stream_->write(hello, deadline));
    return reader_.next(deadline);
  };
  auto welcome = ask();
  const bool is_cut = !welcome && welcome.error().reason() == Reason::kUnavailable;
  // A server that speaks TLS only has no words for a client that does not.
  if (is_cut && !under_tls && !is_heard_)
    return slate::fail(Reason::kUnavailable,
                       "it ended the connection without a word; it may speak TLS only, which this client "
                       "is not told to");
  return welcome;
}

Result<void> Connection::shake_hands(const ClientOptions& options, TimePoint deadline) {
  wire::Hello who{.token = options.token, .client = options.name};
  if (!options.token_file.empty()) {
    SLATE_TRY(who.token, net::read_token(options.token_file));
  }
  SLATE_TRY(const std::string hello, wire::encode({.body = std::move(who)}));
  const wire::RequestId id = next_id();
  std::string bytes(wire::kPreamble);
  bytes += wire::make_frame(id, hello);
  SLATE_TRY(const ReceivedFrame received, be_greeted(bytes, deadline, options.tls.has_value()));
  SLATE_TRY(auto answer, wire::decode_answer(received.frame.message));
  if (auto* error = std::get_if<Error>(&answer)) return slate::fail(std::move(*error));
  auto* welcome = std::get_if<wire::Welcome>(&answer);
  if (welcome == nullptr || received.frame.id != id) return protocol_error("no welcome");
  if (welcome->version != wire::kVersion)
    return slate::fail(Reason::kFailedPrecondition,
                       "the server speaks version " + std::to_string(welcome->version) +
                           " of the protocol, this client version " + std::to_string(wire::kVersion));
  welcome_ = std::move(*welcome);
  return {};
}

Result<void> Connection::usable() {
  Lock lock(mutex_);
  // Takes in what has come: an answer that nobody waits for, or the end.
  while (!broken_ && !is_led_) {
    is_led_ = true;
    lock.unlock();
    auto frame = reader_.next(SteadyClock::now());
    lock.lock();
    is_led_ = false;
    if (frame) {
      deliver(*std::move(frame));
      continue;
    }
    if (frame.error().reason() != Reason::kDeadlineExceeded) break_with(std::move(frame).error());
    break;
  }
  pass_lead();
  if (broken_) return slate::fail(*broken_);
  return {};
}

bool Connection::is_broken() const {
  const Lock lock(mutex_);
  return broken_.has_value();
}

bool Connection::owes_answers() const {
  const Lock lock(mutex_);
  return !given_up_.empty();
}

void Connection::close() {
  std::thread reader;
  {
    const Lock lock(mutex_);
    break_with(Error(Reason::kUnavailable, "the client has closed the connection"));
    reader.swap(reader_thread_);
  }
  if (!reader.joinable()) return;
  // The reader's thread keeps what it touches alive, so that what it resumes may end the client.
  if (reader.get_id() == std::this_thread::get_id())
    reader.detach();
  else
    reader.join();
}

// ---- waiting and reading

Result<ReceivedFrame> Connection::wait_for(Exchange& exchange) {
  Lock lock(mutex_);
  const TimePoint limit = exchange.limit();
  while (!exchange.is_done()) {
    if (limit != TimePoint::max() && SteadyClock::now() >= limit) {
      expire(lock, exchange);
    } else if (!is_led_) {
      lead(lock, limit);
    } else {
      const auto at = waiting_.insert(waiting_.end(), &exchange);
      if (limit == TimePoint::max())
        exchange.wake_.wait(lock);
      else
        exchange.wake_.wait_until(lock, limit);
      waiting_.erase(at);
    }
  }
  pass_lead();
  if (exchange.inbox_.empty()) return slate::fail(*exchange.failure_);
  ReceivedFrame frame = std::move(exchange.inbox_.front());
  exchange.inbox_.erase(exchange.inbox_.begin());
  if (frame.frame.payload.empty() && exchange.idle_frames_ > 0) --exchange.idle_frames_;
  return frame;
}

// Reads until a frame has come or the time is over, and hands out what has come.
void Connection::lead(Lock& lock, TimePoint deadline) {
  is_led_ = true;
  TimePoint until = std::min(deadline, silent_since_ + silence_);
  lock.unlock();
  {
    const std::scoped_lock guard(deferred_mutex_);
    if (!deferred_.empty()) until = std::min(until, SteadyClock::now() + kDeferredSlice);
  }
  auto frame = reader_.next(until);
  lock.lock();
  if (!frame && frame.error().reason() == Reason::kDeadlineExceeded) {
    is_led_ = false;
    watch_silence(lock);
    lock.unlock();
    send_deferred();
    lock.lock();
    return;
  }
  std::optional<Error> problem;
  for (;;) {
    if (!frame) {
      problem = std::move(frame).error();
      break;
    }
    deliver(*std::move(frame));
    auto more = reader_.next_buffered();
    if (more && !*more) break;
    frame = more ? Result<ReceivedFrame>(**std::move(more)) : slate::fail(std::move(more).error());
  }
  is_led_ = false;
  silent_since_ = SteadyClock::now();
  is_pinged_ = false;
  is_heard_.store(false, std::memory_order_relaxed);
  if (!problem) return;
  const bool is_malformed =
      problem->reason() == Reason::kInvalidArgument || problem->reason() == Reason::kPayloadTooLarge;
  break_with(is_malformed ? protocol_error(problem->message()).error() : *std::move(problem));
}

// Some thread that waits leads next.
void Connection::pass_lead() {
  if (is_led_) return;
  for (Exchange* each : waiting_)
    if (!each->is_done()) return each->wake_.notify_one();
  if (awaited_ != 0) reader_wake_.notify_one();
}

void Connection::watch_silence(Lock& lock) {
  const TimePoint now = SteadyClock::now();
  if (is_heard_.exchange(false, std::memory_order_relaxed)) {
    silent_since_ = now;
    is_pinged_ = false;
    return;
  }
  if (now < silent_since_ + silence_) return;
  if (is_pinged_) return break_with(Error(Reason::kUnavailable, "the server has stopped answering"));
  is_pinged_ = true;
  silent_since_ = now;
  lock.unlock();
  post(wire::Ping{});
  lock.lock();
}

void Connection::deliver(ReceivedFrame frame) {
  const wire::RequestId id = frame.frame.id;
  if (id == 0) {
    auto answer = wire::decode_answer(frame.frame.message);
    const Error* error = answer ? std::get_if<Error>(&*answer) : nullptr;
    return break_with(Error(
        Reason::kUnavailable,
        "the server ended the connection" + (error == nullptr ? std::string() : ": " + error->to_string())));
  }
  given_up_.erase(id);
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) {
    // Of a call that was cancelled or given up, unless it never was.
    if (id > last_id_ && !ids_wrapped_)
      break_with(protocol_error("an answer to a request that was never made").error());
    return;
  }
  Exchange& exchange = *found->second;
  if (exchange.terms_.frames == AnswerFrames::kOne) {
    exchange.is_registered_ = false;
    exchanges_.erase(found);
  } else {
    const std::size_t rows = frame.frame.payload.size();
    if (rows == 0 ? ++exchange.idle_frames_ > kMostIdleFrames : exchange.credit_ <= 0)
      return break_with(protocol_error("more rows than were asked for").error());
    exchange.credit_ -= static_cast<std::int64_t>(rows);
  }
  exchange.inbox_.push_back(std::move(frame));
  wake(exchange);
}

void Connection::wake(Exchange& exchange) {
  if (!exchange.resume_) return exchange.wake_.notify_one();
  if (std::exchange(exchange.is_resuming_, true)) return;
  --awaited_;
  ready_.push_back(&exchange);
  reader_wake_.notify_one();
}

void Connection::fail(Exchange& exchange, const Error& error) {
  if (exchange.is_registered_) exchanges_.erase(exchange.id_);
  exchange.is_registered_ = false;
  if (!exchange.failure_) exchange.failure_ = error;
  wake(exchange);
}

void Connection::expire(Lock& lock, Exchange& exchange) {
  const wire::RequestId id = exchange.id_;
  given_up_.insert(id);
  fail(exchange, Error(Reason::kDeadlineExceeded, "there was no answer within the time limit"));
  lock.unlock();
  post(id, wire::Cancel{});
  lock.lock();
}

void Connection::break_with(Error error) {
  if (broken_) return;
  if (error.reason() != Reason::kUnavailable)
    error = Error(Reason::kUnavailable, "the connection broke: " + error.message());
  broken_ = std::move(error);
  stream_->shut_down();
  for (auto exchanges = std::exchange(exchanges_, {}); auto& [id, exchange] : exchanges) {
    exchange->is_registered_ = false;
    fail(*exchange, *broken_);
  }
  reader_wake_.notify_one();
}

// ---- what coroutines wait for

bool Connection::start_reader() {
  if (reader_thread_.joinable()) return true;
  try {
    reader_thread_ = std::thread([self = shared_from_this()] {
      net::name_this_thread("client", 0);
      self->read_for_awaited();
    });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Connection::read_for_awaited() {
  Lock lock(mutex_);
  for (;;) {
    if (!ready_.empty()) {
      Exchange& exchange = *ready_.front();
      ready_.pop_front();
      exchange.is_resuming_ = false;
      const auto resume = std::exchange(exchange.resume_, nullptr);
      pass_lead();
      lock.unlock();
      resume();
      lock.lock();
    } else if (broken_) {
      return;
    } else if (SteadyClock::now() >= next_expiry_) {
      expire_awaited(lock);
    } else if (awaited_ == 0) {
      reader_wake_.wait(lock);
    } else if (!is_led_) {
      lead(lock, std::min(next_expiry_, SteadyClock::now() + kReaderSlice));
    } else if (next_expiry_ == TimePoint::max()) {
      reader_wake_.wait(lock);
    } else {
      reader_wake_.wait_until(lock, next_expiry_);
    }
  }
}

void Connection::expire_awaited(Lock& lock) {
  const TimePoint now = SteadyClock::now();
  next_expiry_ = TimePoint::max();
  Exchange* late = nullptr;
  for (const auto& [id, exchange] : exchanges_) {
    if (!exchange->resume_ || exchange->is_resuming_) continue;
    if (exchange->limit() <= now)
      late = exchange;
    else
      next_expiry_ = std::min(next_expiry_, exchange->limit());
  }
  if (late == nullptr) return;
  next_expiry_ = now;  // there may be others
  expire(lock, *late);
}

}  // namespace slate::client
