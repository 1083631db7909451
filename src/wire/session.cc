#include "wire/session.h"

#include <algorithm>
#include <fmt/format.h>

namespace slate::wire {
namespace {

// Room that stays for the next frames.
constexpr std::size_t kKeptBytes = std::size_t{4} << 10;

// What a client calls itself, as it may stand in a log.
std::string printable(std::string_view name) {
  std::string text(name.substr(0, 128));
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

bool carries_rows(const RequestBody& body) {
  return std::holds_alternative<WriteBatch>(body) || std::holds_alternative<LoadRows>(body);
}

}  // namespace

std::string answer_frame(RequestId id, const Answer& answer) { return make_frame(id, encode(answer)); }

Session::Session(SessionOptions options) : options_(std::move(options)) {}

void Session::feed(std::string_view bytes) {
  if (state_ == State::kEnded) return;
  // Used bytes go when there is nothing else, or when moving the rest is cheap next to them.
  if (at_ == buffer_.size() || at_ > buffer_.size() / 2) drop_read();
  buffer_.append(bytes);
}

void Session::drop_read() {
  if (at_ == buffer_.size() && buffer_.capacity() > kKeptBytes)
    std::string().swap(buffer_);  // who sent much and is idle now holds nothing
  else
    buffer_.erase(0, at_);
  at_ = 0;
}

std::size_t Session::frame_limit() const {
  const ConnectionLimits& limits = options_.welcome.limits;
  return state_ == State::kOpen ? std::max(limits.frame_bytes, limits.write_frame_bytes) : kHelloFrameBytes;
}

Session::Step Session::next() {
  if (state_ == State::kEnded) return NeedMore{};
  if (state_ == State::kNothing)
    if (auto step = read_preamble()) return *std::move(step);
  const auto header = read_frame_header(std::string_view(buffer_).substr(at_), frame_limit());
  if (!header) return end(0, header.error());
  if (!*header || buffered() < (*header)->size) {
    if (buffered() == 0) drop_read();
    return NeedMore{};
  }
  return take_frame(**header);
}

std::optional<Session::Step> Session::read_preamble() {
  const std::string_view came = std::string_view(buffer_).substr(at_, kPreamble.size());
  // The record of a handshake.
  if (came.starts_with("\x16\x03"))
    return end(0, Error(Reason::kInvalidArgument, "this port does not speak TLS"));
  if (came != kPreamble.substr(0, came.size()) && came != "\x16")
    return end(0, Error(Reason::kInvalidArgument, "this is not Slate's protocol, or another version of it")
                      .with_hint("this port speaks Slate's TCP protocol, version 1; HTTP has another port"));
  if (came.size() < kPreamble.size()) return NeedMore{};
  at_ += kPreamble.size();
  state_ = State::kFramed;
  return std::nullopt;
}

Session::Step Session::take_frame(const FrameHeader& header) {
  const Frame frame = split_frame(std::string_view(buffer_).substr(at_, header.size), header);
  if (frame.message.size() > kRequestMessageBytes)
    return end(frame.id,
               Error(Reason::kPayloadTooLarge, fmt::format("a message of {} bytes; the limit is {}",
                                                           frame.message.size(), kRequestMessageBytes)));
  auto request = decode_request(frame.message);
  const bool is_unknown = !request && request.error().reason() == Reason::kUnimplemented;
  if (frame.id == 0) return end(0, Error(Reason::kInvalidArgument, "a frame with id 0"));
  if (!request && !(is_unknown && state_ == State::kOpen)) return end(frame.id, request.error());
  if (is_unknown) {
    at_ += header.size;
    return Refused{.frame = answer_frame(frame.id, request.error()),
                   .request = "unknown",
                   .reason = Reason::kUnimplemented};
  }
  if (state_ == State::kFramed) {
    at_ += header.size;
    return greet(frame.id, *request);
  }
  return start(frame.id, *std::move(request), frame, header.size);
}

Session::Step Session::greet(RequestId id, const Request& request) {
  const auto* hello = std::get_if<Hello>(&request.body);
  if (hello == nullptr)
    return end(id, Error(Reason::kUnauthenticated, "the first request of a connection is Hello"));
  if (hello->version != kVersion)
    return end(id,
               Error(Reason::kUnimplemented, fmt::format("version {} of the protocol; this server speaks {}",
                                                         hello->version, kVersion)));
  if (options_.accepts_token && !options_.accepts_token(hello->token))
    return end(id, Error(Reason::kUnauthenticated,
                         hello->token.empty() ? "a token is needed" : "the token is not the server's"));
  state_ = State::kOpen;
  return Greeted{.frame = answer_frame(id, options_.welcome), .client = printable(hello->client)};
}

Session::Step Session::start(RequestId id, Request request, const Frame& frame, std::size_t size) {
  const ConnectionLimits& limits = options_.welcome.limits;
  if (size > limits.frame_bytes && !carries_rows(request.body))
    return end(id, Error(Reason::kPayloadTooLarge,
                         fmt::format("a frame of {} bytes; the limit is {}", size, limits.frame_bytes)));
  if (std::holds_alternative<Hello>(request.body))
    return end(id, Error(Reason::kInvalidArgument, "Hello comes once"));
  if (std::holds_alternative<Cancel>(request.body) || std::holds_alternative<Grant>(request.body)) {
    at_ += size;
    if (const auto* grant = std::get_if<Grant>(&request.body))
      return Granted{.id = id, .bytes = grant->bytes};
    return Cancelled{.id = id};
  }
  if (running_.contains(id))
    return end(id, Error(Reason::kInvalidArgument, "two requests under way with one id"));
  if (running_.size() >= limits.requests) {
    at_ += size;
    const Error error = Error(Reason::kOverloaded,
                              fmt::format("{} requests are under way on this connection", limits.requests))
                            .with_retry_after(1);
    return Refused{
        .frame = answer_frame(id, error), .request = request_name(request.body), .reason = error.reason()};
  }
  running_.insert(id);
  Started started{.id = id, .request = std::move(request), .frame = {}, .payload_at = 0};
  if (!frame.payload.empty()) {
    const auto payload_at = static_cast<std::size_t>(frame.payload.data() - buffer_.data());
    if (at_ + size == buffer_.size()) {
      // Nothing behind it: the payload is handed on without a copy.
      started.frame = std::exchange(buffer_, {});
      started.payload_at = payload_at;
      at_ = 0;
      return started;
    }
    started.frame = frame.payload;
  }
  at_ += size;
  return started;
}

Session::Ended Session::end(RequestId id, Error error) {
  state_ = State::kEnded;
  std::string().swap(buffer_);
  at_ = 0;
  return {.frame = answer_frame(id, error), .error = std::move(error)};
}

}  // namespace slate::wire
