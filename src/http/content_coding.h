// Compression of bodies, both ways: the one place that knows what it does to headers.
#pragma once

#include <cstdint>
#include <string_view>

#include <slate/error.h>

#include "http/headers.h"
#include "http/message.h"

namespace slate::http {

enum class Coding : std::uint8_t { kIdentity, kGzip };

// What the client wants an answer in, by the q-values of Accept-Encoding: gzip unless it is refused, not
// mentioned, or liked less than identity. What is malformed counts for nothing.
Coding accepted_coding(const Headers& request);

// What a request's body is in. Errors: unsupported_media_type for all but gzip and identity.
Result<Coding> body_coding(const Headers& request);

// Whether a body of that media type becomes smaller: texts, JSON and the like. Not event streams, whose
// events must not wait for each other.
bool is_compressible(std::string_view content_type);

// Puts a handler's answer into the coding that the client accepts, if that pays: a body of at least 1 KiB, or
// a stream, of a compressible type. Errors stay as they are. Answers that could have come in another coding,
// 304 among them, say `Vary: Accept-Encoding`, and a strong ETag becomes a weak one, as it names the content
// and no longer its bytes; If-None-Match compares weakly, so it goes on to work. Takes as long as compressing
// takes: not for I/O threads, but for small bodies.
void encode(Response& response, Coding accepted);

}  // namespace slate::http
