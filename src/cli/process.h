// What verbs that serve do with their process.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include <slate/error.h>

#include "net/signals.h"

namespace slate::cli {

// The limit on open files: a connection takes one each, a datasource two.
void raise_file_limit();
// Memory that one answer took serves the next one, instead of going back to the kernel and coming again page by
// page: up to a few megabytes a thread.
void keep_freed_memory();

// The first signal ends wait(); a second one ends the process: what was acknowledged is safe, by its
// durability.
class Ending {
 public:
  static Result<std::unique_ptr<Ending>> listen();
  void wait();

 private:
  Ending() = default;
  void end(net::Shutdown how);

  std::mutex mutex_;  // guards is_asked_
  std::condition_variable asked_;
  bool is_asked_ = false;
  std::unique_ptr<net::Signals> signals_;  // last: its thread ends first
};

}  // namespace slate::cli
