#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace slate::net {

// The event loop and the threads that run it. They start with the object and end with stop(); sockets and
// timers made on context() must be gone by then. Nothing that blocks may run here: that is what BlockingPool
// is for. Every call is safe from any thread but the loop's own.
class IoThreads {
 public:
  explicit IoThreads(std::size_t threads, std::string name = "io");
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  boost::asio::io_context& context();
  // Lets running callbacks finish, leaves queued ones unrun and joins the threads. Calling it again does
  // nothing.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::net
