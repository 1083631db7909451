#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "net/tls_context.h"

namespace slate::net {

// A client's end of one connection, plain or under TLS, for threads that may block. Every call has a point in
// time by which it gives up; TimePoint::max() waits for ever. One thread may read while another writes, and
// shut_down() may come from any.
class ClientStream {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Tries the addresses of `host`, a name or an IP address, one after the other. With `tls`, a client's
  // context, the handshake is part of it. Errors: unavailable (not found, refused, or a certificate that is
  // not accepted), deadline_exceeded. Looking up the name takes as long as the system's resolver takes.
  static Result<std::unique_ptr<ClientStream>> connect(const std::string& host, std::uint16_t port,
                                                       TimePoint deadline, const TlsContext* tls = nullptr);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // At least one byte; 0 when the other side has ended the connection in good order. Errors:
  // deadline_exceeded, after which reading may go on; unavailable.
  Result<std::size_t> read_some(std::span<char> into, TimePoint deadline);
  // At least one byte, unless there is none. Errors: unavailable; deadline_exceeded, and then the same bytes
  // have to come next.
  Result<std::size_t> write_some(std::span<const std::string_view> pieces, TimePoint deadline);
  // All of it. After an error nobody knows how much has gone.
  Result<void> write(std::string_view bytes, TimePoint deadline);

  // Whether the connection can take another request: nothing came unasked, and it has not ended.
  bool is_quiet();
  // Ends it for both sides; calls that wait return with unavailable. Again: nothing.
  void shut_down();

 private:
  struct Impl;
  explicit ClientStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::net
