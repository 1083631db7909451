// What the client wants its rows in, and how long it is ready to wait for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <slate/datasource.h>
#include <slate/error.h>

#include "http/headers.h"

namespace slate::api {

enum class Format : std::uint8_t { kJson, kNdjson, kCsv };
std::string_view media_type(Format format);

// The format that the Accept headers give the highest q; among equals, and without the header, the first of
// the enum. Ranges that are malformed are passed over. Errors: not_acceptable.
Result<Format> negotiate(const http::Headers& headers);

// For the header Vary of rows: what chooses their representation, and whose rows they are.
std::string vary_of(const Datasource& datasource);

// Whether the Accept headers ask for server-sent events rather than for JSON.
bool wants_events(const http::Headers& headers);

// `wait` of the Prefer headers (RFC 7240), at most 60 s. Absent when it was not sent or is malformed, which
// that document wants ignored.
std::optional<std::chrono::seconds> preferred_wait(const http::Headers& headers);

// The media type of a Content-Type header, in lower case and without parameters; empty when there is none.
std::string content_type(const http::Headers& headers);

}  // namespace slate::api
