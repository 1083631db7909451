// The server's side of one connection as a state machine: bytes go in, what is to be done comes out. No I/O,
// no clock, no threads.
//
//   preamble ── hello ── requests ... ── ended
//
// Everything that is not this protocol ends the connection with one error, which has frame id 0 unless it is
// about a request whose id is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>

#include <slate/error.h>

#include "wire/answers.h"
#include "wire/frame.h"
#include "wire/requests.h"

namespace slate::wire {

struct SessionOptions {
  // Whether a token opens the door, in a time that says nothing about those that do. Empty: none is asked
  // for.
  std::function<bool(std::string_view)> accepts_token;
  Welcome welcome;  // its limits are what the session keeps to
};

class Session {
 public:
  // Bytes must be fed before anything more can happen.
  struct NeedMore {};
  // The client has introduced itself: the frame goes out, and its name into the log.
  struct Greeted {
    std::string frame;
    std::string client;
  };
  // A request to be carried out, and answered with its id. `finished` is to be called after its last answer.
  struct Started {
    RequestId id = 0;
    Request request;
    std::string frame;  // holds the payload
    std::size_t payload_at = 0;

    std::string_view payload() const { return std::string_view(frame).substr(payload_at); }
  };
  struct Cancelled {
    RequestId id = 0;
  };
  struct Granted {
    RequestId id = 0;
    std::uint64_t bytes = 0;
  };
  // An answer to a request that is not carried out; the connection goes on.
  struct Refused {
    std::string frame;
    std::string_view request;  // its name, as of request_name(); "unknown"
    Reason reason;
  };
  // The frame is the last one: it goes out, and the connection ends.
  struct Ended {
    std::string frame;
    Error error;
  };
  using Step = std::variant<NeedMore, Greeted, Started, Cancelled, Granted, Refused, Ended>;

  explicit Session(SessionOptions options);

  void feed(std::string_view bytes);
  // What to do next. Call until NeedMore; after Ended there is nothing more.
  Step next();

  // The request has been answered: its id may come again.
  void finished(RequestId id) { running_.erase(id); }
  bool is_greeted() const { return state_ == State::kOpen; }
  std::size_t running() const { return running_.size(); }
  // Bytes of a frame that is not whole yet.
  std::size_t buffered() const { return buffer_.size() - at_; }

 private:
  enum class State : std::uint8_t { kNothing, kFramed, kOpen, kEnded };  // how far it has come

  std::size_t frame_limit() const;
  std::optional<Step> read_preamble();
  Step take_frame(const FrameHeader& header);
  Step greet(RequestId id, const Request& request);
  Step start(RequestId id, Request request, const Frame& frame, std::size_t size);
  Ended end(RequestId id, Error error);
  void drop_read();

  SessionOptions options_;
  State state_ = State::kNothing;
  std::string buffer_;
  std::size_t at_ = 0;  // bytes before it have been used
  std::unordered_set<RequestId> running_;
};

// The frame of an answer without blocks.
std::string answer_frame(RequestId id, const Answer& answer);

}  // namespace slate::wire
