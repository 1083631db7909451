#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "http/headers.h"

namespace slate::http {

enum class AfterResponse : std::uint8_t { kKeepAlive, kClose };

// The request line and the header section, checked as HTTP, not yet as a URL.
struct RequestHead {
  std::string method;
  std::string target;
  int version = 11;  // 10 or 11
  Headers headers;
  AfterResponse after = AfterResponse::kKeepAlive;  // what the client wants
  bool expects_continue = false;
};

struct ParserLimits {
  std::size_t header_bytes = std::size_t{32} << 10;
  std::uint64_t body_bytes = std::uint64_t{64} << 20;
};

// Turns the bytes of a connection into requests, one after the other. Knows neither sockets nor time: bytes
// go in through feed(), advance() says what they amount to. After an error nothing more comes out, since
// nobody can say where the next request would begin. One thread at a time.
class RequestParser {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,  // give it more bytes
    kHead,      // once a request: head() is there, the body may still be coming
    kRequest,   // the request is whole; stays so until next_request()
  };
  // How far the request is that comes next; decides which time limit holds.
  enum class Phase : std::uint8_t { kIdle, kHeader, kBody, kDone };

  explicit RequestParser(ParserLimits limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  void feed(std::string_view bytes);
  // False while so many bytes wait to be parsed that the client should be made to wait.
  bool has_room() const;

  // Errors, each of which ends the connection: invalid_argument (not HTTP, or ambiguous about where the body
  // ends), header_too_large, payload_too_large, unimplemented (a transfer coding other than chunked).
  Result<Step> advance();

  Phase phase() const;
  // Bytes that came and belong to no request yet.
  std::size_t buffered() const;
  // Whole after kHead; after an error before that, what had been understood. May be moved from.
  RequestHead& head();
  // Bytes of body so far.
  std::size_t body_size() const;
  // REQUIRES: kRequest.
  std::string take_body();
  // Forgets this request and begins the next one with the bytes that are left. Gives back memory that an idle
  // connection does not need.
  void next_request();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::http
