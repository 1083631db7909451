// What verbs do with their process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include <slate/error.h>

#include "base/log.h"
#include "cli/command_line.h"
#include "net/signals.h"

namespace slate::cli {

struct ProcessOptions {
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  std::uint64_t io_threads = 1;
  std::uint64_t pool_threads = 4;

  bool operator==(const ProcessOptions&) const = default;
};

// --log-level, --log-format, --io-threads and --pool-threads.
void add_process_options(CommandLine& command_line, ProcessOptions& options);

// The limit on open files: a connection takes one each, a datasource two.
void raise_file_limit();
// Memory that one answer took serves the next one, instead of going back to the kernel and coming again page
// by page: up to a few megabytes a thread.
void keep_freed_memory();

// For verbs that serve. The first signal ends wait(); a second one ends the process: what was acknowledged is
// safe, by its durability.
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

// For verbs that do something and end: the first signal ends the process, as failed. `last_words` come before
// that, on a thread of its own, while the verb goes on.
Result<std::unique_ptr<net::Signals>> end_with(std::function<void()> last_words);

}  // namespace slate::cli
