#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <slate/error.h>

namespace slate::net {

// How a process is asked to end: first kAsk (finish what runs), then kInsist (end now).
enum class Shutdown : std::uint8_t { kAsk, kInsist };

// Listens for SIGINT and SIGTERM on a thread of its own. At most one object at a time in a process; when it
// ends, the signals have their default effect again.
class Signals {
 public:
  // Called from the listening thread: kAsk at the first signal, kInsist at each further one. It may block;
  // signals that come meanwhile wait their turn, so a long graceful stop belongs on another thread.
  using Callback = std::function<void(Shutdown)>;

  // Errors: internal when the operating system refuses the handlers.
  static Result<std::unique_ptr<Signals>> listen(Callback callback);
  // Waits for a callback that is running. Must not come from the callback.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  explicit Signals(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::net
