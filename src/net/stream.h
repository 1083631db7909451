#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "net/io_threads.h"
#include "net/tls_context.h"
#include "net/transport.h"

namespace slate::net {

// A server's end of one connection, plain or under TLS, on an event loop. Everything about it runs on a
// strand of its own, callbacks and deadline included, so that its owner needs no lock. It is a member of its
// owner: what waits keeps the owner alive, and no callback runs after close().
//
// Nothing of this is called but on the strand, except start(), post() and dispatch(), which are safe from any
// thread.
class Stream {
 public:
  using Task = std::move_only_function<void()>;
  using Done = std::move_only_function<void(IoResult)>;
  using TimePoint = std::chrono::steady_clock::time_point;

  // Owns the connected, non-blocking socket from now on. `tls`: a server's context, or null for plain; it
  // must outlive the stream.
  Stream(IoThreads& io, int socket, const TlsContext* tls);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Before anything else. `on_deadline` runs each time a deadline has passed.
  void start(std::weak_ptr<void> owner, Task on_deadline);
  // Runs the task on the strand, never within this call; or at once when this is the strand. The owner is
  // alive while it waits, and outlives it.
  void post(Task task);
  void dispatch(Task task);

  bool is_open() const;
  // Under TLS first of all, once; for plain sockets done at once. kDone, kEnd or kBroken.
  void async_handshake(Done done);
  // Runs the task when a read may give something, which it need not. One at a time. Idle connections wait so
  // and hold no buffer.
  void when_readable(Task task);
  // What there is, without waiting. kWantRead and kWantWrite: when_readable() tells when it makes sense
  // again.
  IoResult read(std::span<char> into);
  // Writes some bytes from the front of the pieces, at least one unless there is none, and then runs `done`,
  // never within this call, with kDone or kBroken. One at a time. Pieces and bytes must stay until then, and
  // the next call must go on behind the bytes that were written.
  void async_write_some(std::span<const std::string_view> pieces, Done done);
  // The same, but answers within this call where the socket takes something at once: then `done` does not
  // run.
  std::optional<IoResult> write_some(std::span<const std::string_view> pieces, Done done);
  void finish_sending();
  // Why it is broken, for people.
  const std::string& problem() const;

  // One deadline; moving it back costs nothing. TimePoint::max(): none.
  void set_deadline(TimePoint deadline);
  TimePoint deadline() const;

  // With a word of farewell, or as if the cable was cut: then the other side cannot take what it has got for
  // all there was.
  enum class Farewell : std::uint8_t { kOrderly, kReset };
  void close(Farewell farewell = Farewell::kOrderly);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::net
