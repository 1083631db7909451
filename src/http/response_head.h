#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <slate/clock.h>

#include "http/headers.h"
#include "http/request_parser.h"

namespace slate::http {

// How the client learns where the body ends.
enum class Framing : std::uint8_t {
  kLength,   // Content-Length
  kChunked,  // HTTP/1.1, length not known beforehand
  kClose,    // HTTP/1.0, length not known beforehand
  kNone,     // there is no body and no length to tell: 204, 304, or HEAD of a stream
};

struct ResponseHead {
  int status = 200;
  const Headers& headers;
  Framing framing = Framing::kLength;
  std::uint64_t length = 0;  // with kLength
  int version = 11;          // of the request
  AfterResponse after = AfterResponse::kKeepAlive;
  std::string_view request_id;
  UnixMillis now = 0;
};

// Appends status line and header section. Fields that are the server's own, and those whose name or value
// could break out of their line, are left out. What does not say how it may be kept may not be kept at all.
void append_head(std::string& out, const ResponseHead& head);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(UnixMillis time);

}  // namespace slate::http
