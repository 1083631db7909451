// One client's connection, as the server and the responders see it. Private to the server.
#pragma once

#include <cstdint>
#include <memory>

#include "http/message.h"
#include "net/connection_group.h"
#include "net/connection_limiter.h"

namespace slate::http {

struct ServerCore;

// Safe from any thread: each call only hands its work to the connection's strand.
class Connection : public net::GroupMember {
 public:
  // The answer to the request of that number; ignored unless that request is waiting for one.
  virtual void respond(std::uint64_t request, Response response) = 0;
};

// Takes over the connected, non-blocking socket and serves it until one side has had enough; or answers with
// the permit's refusal and closes it. Returns at once.
void open_connection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit);

}  // namespace slate::http
