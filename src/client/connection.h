// One connection and the calls under way on it.
//
// There is no thread that only reads: whoever waits for an answer reads the socket for all (the leader),
// hands out what comes, and passes the lead on when its own answer has come. So a call that waits alone costs
// no switch of threads. Calls that are awaited by coroutines are looked after by a thread that starts with
// the first of them and leads when nobody else does.
#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include <slate/client.h>
#include <slate/error.h>

#include "client/address.h"
#include "client/frame_reader.h"
#include "net/client_stream.h"
#include "wire/answers.h"
#include "wire/requests.h"

namespace slate::client {

class Connection;

enum class AnswerFrames : std::uint8_t { kOne, kMany };

struct CallTerms {
  std::optional<TimePoint> deadline{};
  std::stop_token stop{};
  AnswerFrames frames = AnswerFrames::kOne;
  std::uint64_t window = 0;  // kMany: the credit that goes with the request
};

// A request that was sent, and the frames that come for it. One thread at a time. Destroyed before the last
// one has come, the request is cancelled.
class Exchange {
 public:
  Exchange(std::shared_ptr<Connection> connection, CallTerms terms);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The next frame; blocks. Errors: what the connection broke for (unavailable), deadline_exceeded.
  Result<ReceivedFrame> next();
  bool is_ready();
  // Runs `resume` on the connection's thread when next() would not block; false, and never, when that is so
  // now, or there is no such thread: then next() is to be called all the same, and waits.
  bool when_ready(std::function<void()> resume);
  // kMany: lets the server send so much more. It is told when half of the window has come together, as a
  // message for each frame would cost as much as the frame.
  void grant(std::uint64_t bytes);
  // kMany: the last frame has come.
  void finish();

 private:
  friend class Connection;
  bool is_done() const { return !inbox_.empty() || failure_.has_value(); }
  TimePoint limit() const;

  const std::shared_ptr<Connection> connection_;
  const CallTerms terms_;
  // Guarded by the connection's lock:
  wire::RequestId id_ = 0;
  bool is_registered_ = false;  // frames for it are still expected
  std::int64_t credit_ = 0;
  std::uint64_t untold_ = 0;                                // granted, and not told yet
  std::size_t idle_frames_ = 0;                             // without rows, waiting to be taken
  boost::container::small_vector<ReceivedFrame, 1> inbox_;  // few: they are taken from the front
  std::optional<Error> failure_;
  std::condition_variable wake_;
  std::function<void()> resume_;  // while it is awaited
  bool is_resuming_ = false;      // among those that the reader's thread is to resume
  // Last: its end waits for one that runs.
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

// Whose turn it is to send. Safe from any thread.
class SendTurn {
 public:
  // Waits for it; false when the deadline has passed.
  bool take(TimePoint deadline);
  bool try_take();
  void give();

 private:
  std::mutex mutex_;  // guards is_taken_
  std::condition_variable free_;
  bool is_taken_ = false;
};

// Safe from any thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Connects and shakes hands. `tls`: a client's context, or null.
  static Result<std::shared_ptr<Connection>> open(const ClientOptions& options, const Address& address,
                                                  const net::TlsContext* tls);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Address& address() const { return address_; }
  const wire::Welcome& welcome() const { return welcome_; }
  std::uint64_t query_window() const { return query_window_; }

  // Sends a request. What goes wrong is the exchange's failure.
  std::unique_ptr<Exchange> start(wire::RequestBody body, CallTerms terms, std::string_view payload = {});
  // Sends a request whose answer nobody waits for. Never blocks for long: what the socket does not take goes
  // with the next one.
  void post(wire::RequestBody body);
  // Whether it can be used; takes in what has come.
  Result<void> usable();
  bool is_broken() const;
  // Whether calls were given up whose answers have not come.
  bool owes_answers() const;
  // Requests of which the server may have got a part, ever.
  std::uint64_t requests_sent() const { return requests_sent_.load(std::memory_order_relaxed); }
  void close();

 private:
  friend class Exchange;
  using Lock = std::unique_lock<std::mutex>;

  Connection(const ClientOptions& options, const Address& address, std::unique_ptr<net::ClientStream> stream);
  Result<void> shake_hands(const ClientOptions& options, TimePoint deadline);
  Result<ReceivedFrame> be_greeted(std::string_view hello, TimePoint deadline, bool under_tls);
  std::size_t frame_limit(const wire::RequestBody& body) const;

  // Sending: connection_send.cc.
  wire::RequestId next_id();
  Result<void> send(Exchange& exchange, const std::string& frame);
  Result<void> send_in_turn(const std::string& frame, TimePoint deadline, bool& is_begun);
  Result<void> write(std::string_view bytes, TimePoint deadline, bool& is_begun);
  void post(wire::RequestId id, wire::RequestBody body);
  void send_deferred();

  // Receiving. `lock` is of mutex_, which these want held.
  Result<ReceivedFrame> wait_for(Exchange& exchange);
  void lead(Lock& lock, TimePoint deadline);
  void pass_lead();
  void watch_silence(Lock& lock);
  void deliver(ReceivedFrame frame);
  void expire(Lock& lock, Exchange& exchange);
  void fail(Exchange& exchange, const Error& error);
  void wake(Exchange& exchange);
  void break_with(Error error);

  bool start_reader();  // false: no thread can be started
  void read_for_awaited();
  void expire_awaited(Lock& lock);

  const Address address_;
  const std::chrono::milliseconds silence_;
  const std::uint64_t query_window_;
  wire::Welcome welcome_;
  std::unique_ptr<net::ClientStream> stream_;
  FrameReader reader_;                  // the leader's
  std::atomic<bool> is_heard_ = false;  // bytes have come since watch_silence() looked

  std::atomic<std::uint64_t> requests_sent_ = 0;

  SendTurn turn_;              // never taken while a lock is held
  std::mutex deferred_mutex_;  // guards deferred_
  std::string deferred_;       // what goes before the next frame

  mutable std::mutex mutex_;  // guards what follows, and the state of exchanges
  std::unordered_map<wire::RequestId, Exchange*> exchanges_;
  std::unordered_set<wire::RequestId> given_up_;  // timed out, and not answered since
  std::list<Exchange*> waiting_;                  // threads that do not lead, first come first
  std::optional<Error> broken_;
  bool is_led_ = false;
  wire::RequestId last_id_ = 0;
  bool ids_wrapped_ = false;
  TimePoint silent_since_{};
  bool is_pinged_ = false;  // since then
  std::size_t awaited_ = 0;
  TimePoint next_expiry_ = TimePoint::max();  // of what is awaited: not later than the earliest
  std::deque<Exchange*> ready_;               // to be resumed
  std::condition_variable reader_wake_;
  std::thread reader_thread_;
};

}  // namespace slate::client
