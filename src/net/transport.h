// Bytes over a connected socket, plain or under TLS, without waiting: for streams, which wait in their own
// ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "net/tls_context.h"

namespace slate::net {

enum class IoState : std::uint8_t {
  kDone,
  kWantRead,   // nothing was done: call again when the socket is readable
  kWantWrite,  // or writable, whatever the call was: under TLS reading may write, and the other way round
  kEnd,        // the other side sends nothing more, and said so
  kBroken,     // of no use any more; see problem()
};

struct IoResult {
  IoState state = IoState::kBroken;
  std::size_t bytes = 0;  // with kDone
};

// What problem() begins with, or is, where that is what is wrong.
inline constexpr std::string_view kCertificateRefused = "the certificate is not accepted";
inline constexpr std::string_view kNoTls = "the other side does not speak TLS";

// The one place that knows whether a connection is under TLS. Neither owns nor closes the socket, which must
// be connected, non-blocking, and outlive it. One thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;

  // Until kDone nothing else may be called; at once done for plain sockets.
  virtual IoResult handshake() = 0;
  // REQUIRES: `into` is not empty.
  virtual IoResult read(std::span<char> into) = 0;
  // Writes from the front of the pieces as much as is taken. After kWantRead or kWantWrite the next call must
  // begin with the same bytes, wherever they are. No bytes at all: done.
  virtual IoResult write(std::span<const std::string_view> pieces) = 0;
  // Tells the other side, as far as that is possible without waiting, that nothing more comes. Reading goes
  // on.
  virtual void finish_sending() = 0;
  // Whether read() has bytes of which the socket knows nothing any more.
  virtual bool has_buffered() const = 0;
  // Why it is broken, for people: never anything that was sent.
  virtual const std::string& problem() const = 0;
};

std::unique_ptr<Transport> make_plain_transport(int socket);
// The side is the context's. A client's `host` is the name or IP address that the server's certificate must
// have; a server has none. Errors: internal.
Result<std::unique_ptr<Transport>> make_tls_transport(int socket, const TlsContext& context,
                                                      const std::string& host = {});

}  // namespace slate::net
