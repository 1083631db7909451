// One client's connection, as the server and the responders see it. Private to the server.
#pragma once

#include <cstdint>
#include <memory>

#include "http/message.h"

namespace slate::http {

class Admission;
struct ServerCore;

// Safe from any thread: each call only hands its work to the connection's strand.
class Connection {
 public:
  virtual ~Connection() = default;
  // The answer to the request of that number; ignored unless that request is waiting for one.
  virtual void respond(std::uint64_t request, Response response) = 0;
  virtual void close_when_idle() = 0;
  virtual void close_now() = 0;
};

// Takes over the connected, non-blocking socket and serves it until one side has had enough; or answers with
// the admission's refusal and closes it. Returns at once.
void open_connection(std::shared_ptr<ServerCore> core, int socket, Admission admission);

}  // namespace slate::http
