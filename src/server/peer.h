// One client's connection, as the work that is done for it sees it. Private to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "wire/frame.h"

namespace slate::server {

struct ServerCore;

using ConnectionId = std::uint64_t;

enum class Last : std::uint8_t { kNo, kYes };  // of the answers to a request

// Safe from any thread: each call only hands its work to the connection's strand. After the connection has
// closed they do nothing.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual ConnectionId id() const = 0;
  // Sends a frame that belongs to a request: a head, and a payload behind it which may be empty.
  virtual void send(wire::RequestId request, std::string head, std::string payload, Last last) = 0;
  // Whether so much waits to be sent that queries must pause. They are poked when it is over.
  virtual bool is_backlogged() const = 0;
  virtual void close_when_idle() = 0;
  virtual void close_now() = 0;
};

enum class Welcoming : std::uint8_t {
  kServe,
  kRefuse,  // say that there are too many, and close
};

// Takes over the connected, non-blocking socket and serves it until one side has had enough. Returns at once.
void open_connection(std::shared_ptr<ServerCore> core, int socket, Welcoming welcoming);

}  // namespace slate::server
