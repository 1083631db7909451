// What a handler gets and gives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>

#include "http/headers.h"

namespace slate::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
inline constexpr std::size_t kMethodCount = static_cast<std::size_t>(Method::kOptions) + 1;
// "GET", ...
std::string_view method_name(Method method);
// Case counts. Empty for any other word.
std::optional<Method> parse_method(std::string_view name);

using NamedValues = std::vector<std::pair<std::string, std::string>>;
// The first value of that name.
std::optional<std::string_view> find(const NamedValues& values, std::string_view name);

// One whole request. A HEAD request reaches its GET handler as kGet; the server leaves the body out.
struct Request {
  Method method = Method::kGet;
  std::string target{};  // as sent
  std::string path{};    // as sent, without the query
  NamedValues params{};  // by the names in the route's pattern; decoded, valid UTF-8 without NUL
  NamedValues query{};   // in the order sent; decoded, valid UTF-8
  Headers headers{};
  std::string body{};
  std::string request_id{};
  // Asked to stop when the client has left or the server ends now. Callbacks on it must not block.
  std::stop_token stop{};

  // REQUIRES: the route's pattern has that name.
  const std::string& param(std::string_view name) const;
  std::optional<std::string_view> query_value(std::string_view name) const { return find(query, name); }
};

// A body that is made while it is sent. Used by one thread at a time, not always the same; destroyed when the
// answer has ended or failed, or the client has left.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // Appends the next chunk, of some tens of kilobytes, to `chunk`, which comes empty. False: that was the
  // last, and it may be empty too. Called on the blocking pool, and only when the chunk before has been
  // handed to the operating system. An error of the first call becomes a problem response; a later one cuts
  // the connection, so that the client can tell.
  virtual Result<bool> next(std::string& chunk) = 0;
  // Calls `resume` once, from any thread, when next() has something to give or the request is asked to stop.
  // Streams that wait for events override it, so that they hold no thread of the pool meanwhile. Called on an
  // I/O thread: must neither block nor throw.
  virtual void when_ready(std::move_only_function<void()> resume) { resume(); }
};

// Length, framing, Connection, Date, X-Request-Id are the server's; no Cache-Control means `no-store`.
struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
  std::shared_ptr<const std::string> shared_body{};  // instead of body: bytes that many answers have
  std::unique_ptr<BodyStream> stream{};              // instead of body
  std::optional<Error> error{};  // instead of all: rendered as problem+json, which needs the request id

  // Of body or shared_body.
  std::string_view content() const { return shared_body ? std::string_view(*shared_body) : body; }
  void clear_content();

  static Response json(int status, std::string body);
  static Response text(int status, std::string body);
  static Response empty(int status) { return {.status = status}; }
  // The status is the reason's; Retry-After is the error's.
  static Response problem(Error error);
};

// May be called at any time and from any thread, once; later calls are ignored. Dropping it uncalled answers
// with an `internal` problem. It keeps nothing alive: when the client or the server has gone, calling it does
// nothing.
using Respond = std::move_only_function<void(Response)>;
// An exception out of a handler is logged and answered as `internal`.
using Handler = std::function<void(Request, Respond)>;
// The answer to a request where it is known without blocking and within microseconds; else nothing has
// happened, and the handler is called. It comes in the coding that the request accepts, if that pays. Called
// on an I/O thread.
using AtOnce = std::function<std::optional<Response>(const Request&)>;

}  // namespace slate::http
