// One client's connection, as the work that is done for it sees it. Private to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "net/connection_group.h"
#include "net/connection_limiter.h"
#include "wire/frame.h"

namespace slate::server {

struct ServerCore;

using ConnectionId = std::uint64_t;

enum class Last : std::uint8_t { kNo, kYes };  // of the answers to a request

// Safe from any thread: each call only hands its work to the connection's strand. After the connection has
// closed they do nothing.
class Peer : public net::GroupMember {
 public:
  virtual ConnectionId id() const = 0;
  // Sends a frame that belongs to a request: a head, and a payload behind it which may be empty. Its bytes
  // were taken from ServerCore::queued, to which they go back when the client has them, or never will.
  virtual void send(wire::RequestId request, std::string head, std::string payload, Last last) = 0;
  // Whether so much waits to be sent that queries must pause. They are poked when it is over.
  virtual bool is_backlogged() const = 0;
};

// Takes over the connected, non-blocking socket and serves it until one side has had enough; or answers with
// the permit's refusal and closes it. Returns at once.
void open_connection(std::shared_ptr<ServerCore> core, int socket, net::ConnectionPermit permit);

}  // namespace slate::server
