// The way from a handler back to its connection. Private to the server.
#pragma once

#include <cstdint>
#include <memory>

#include "http/connection.h"
#include "http/content_coding.h"
#include "http/message.h"

namespace slate::http {

// Answers the request of that number, once, in the coding that its client accepts; answers `internal` when it
// is destroyed without having been called. Compressing happens where it is called. Holds the connection
// weakly.
Respond make_respond(std::weak_ptr<Connection> connection, std::uint64_t request, Coding accepted);

// Calls the handler and lets no exception through; `respond`, destroyed on the way, answers then.
void call_handler(const Handler& handler, Request request, Respond respond);

}  // namespace slate::http
