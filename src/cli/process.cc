#include "cli/process.h"

#include <csignal>
#include <cstdlib>
#include <malloc.h>
#include <sys/resource.h>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "cli/terminal.h"

namespace slate::cli {

void add_process_options(CommandLine& command_line, ProcessOptions& options) {
  command_line.choice({.flags = "--log-level", .help = "The least that is logged, on stderr"},
                      options.log_level,
                      {{"debug", log::Level::kDebug},
                       {"info", log::Level::kInfo},
                       {"warning", log::Level::kWarning},
                       {"error", log::Level::kError},
                       {"off", log::Level::kOff}});
  command_line.choice({.flags = "--log-format", .help = "How log lines look"}, options.log_format,
                      {{"text", log::Format::kText}, {"json", log::Format::kJson}});
  command_line.option({.flags = "--io-threads",
                       .value = "N",
                       .help = "Threads for connections; they answer what is short, too"},
                      options.io_threads, 1, 64);
  command_line.option({.flags = "--pool-threads", .value = "N", .help = "Threads for queries and writes"},
                      options.pool_threads, 1, 256);
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warning("the limit on open files could not be raised");
}

void keep_freed_memory() {
  ::mallopt(M_TRIM_THRESHOLD, 2 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

Result<std::unique_ptr<Ending>> Ending::listen() {
  // Whoever took the log may end before the server does.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail(Reason::kInternal, "SIGPIPE cannot be ignored");
  std::unique_ptr<Ending> ending(new Ending());
  SLATE_TRY(ending->signals_,
            net::Signals::listen([raw = ending.get()](net::Shutdown how) { raw->end(how); }));
  return ending;
}

void Ending::wait() {
  std::unique_lock lock(mutex_);
  asked_.wait(lock, [this] { return is_asked_; });
}

void Ending::end(net::Shutdown how) {
  if (how == net::Shutdown::kInsist) {
    log::warning("asked again to end: ending now");
    std::_Exit(static_cast<int>(Exit::kFailed));
  }
  const std::scoped_lock lock(mutex_);
  is_asked_ = true;
  asked_.notify_all();
}

Result<std::unique_ptr<net::Signals>> end_with(std::function<void()> last_words) {
  return net::Signals::listen([last_words = std::move(last_words)](net::Shutdown) {
    last_words();
    std::_Exit(static_cast<int>(Exit::kFailed));
  });
}

}  // namespace slate::cli
