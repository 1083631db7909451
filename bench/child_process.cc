#include "bench/child_process.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace slate::bench {
namespace {

constexpr std::chrono::seconds kStartTimeout{60};
constexpr std::chrono::milliseconds kPoll{10};
constexpr std::chrono::seconds kStopTimeout{15};  // before it is made to

// Only what is safe between fork and exec.
bool switch_to(const User& user) {
  return ::setgroups(0, nullptr) == 0 && ::setgid(user.group) == 0 && ::setuid(user.user) == 0;
}

// Likewise.
[[noreturn]] void become(char* const* arguments, int log, const ChildOptions& options) {
  if (options.user && !switch_to(*options.user)) ::_exit(127);
  ::prctl(PR_SET_PDEATHSIG, options.end_with);  // after setuid, which would clear it
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::setsid();  // Ctrl-C is for us; we end it
  const rlimit limit{options.data_bytes.value_or(0), options.data_bytes.value_or(0)};
  if (!options.data_bytes || ::setrlimit(RLIMIT_DATA, &limit) == 0) ::execv(arguments[0], arguments);
  ::_exit(127);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(ChildOptions options) {
  std::vector<char*> arguments;
  for (std::string& argument : options.command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log < 0) return fail(Reason::kIo, options.log.string() + ": " + std::strerror(errno));
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments.data(), log, options);
  ::close(log);
  if (pid < 0) return fail(Reason::kIo, std::string("fork: ") + std::strerror(errno));
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(options), pid));
}

ChildProcess::~ChildProcess() { stop(); }

bool ChildProcess::has_ended() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_.has_value();
}

Result<void> ChildProcess::wait_until(const std::function<bool()>& is_ready) {
  for (const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;;) {
    if (is_ready()) return {};
    if (has_ended() || std::chrono::steady_clock::now() > deadline)
      return fail(Reason::kInternal,
                  fmt::format("{} does not start: {}", options_.command.front(), last_line()));
    std::this_thread::sleep_for(kPoll);
  }
}

Result<void> ChildProcess::wait_for_success() {
  if (int status = 0; !status_ && ::waitpid(pid_, &status, 0) == pid_) status_ = status;
  if (status_ == 0) return {};
  return fail(Reason::kInternal, fmt::format("{} failed: {}", options_.command.front(), last_line()));
}

std::string ChildProcess::log() const {
  std::ifstream in(options_.log);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string ChildProcess::last_line() const {
  std::ifstream lines(options_.log);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  return last;
}

std::string ChildProcess::stop() {
  if (!has_ended()) ::kill(pid_, options_.end_with);
  for (const auto deadline = std::chrono::steady_clock::now() + kStopTimeout; !has_ended();) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(kPoll);
  }
  return how_it_ended(*status_);
}

MemoryUse memory_of(pid_t process) {
  std::ifstream lines(fmt::format("/proc/{}/status", process));
  MemoryUse use;
  const auto kibibytes = [](const std::string& line) {
    return std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10) * 1024;
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("VmRSS:")) use.resident = kibibytes(line);
    if (line.starts_with("RssAnon:")) use.anonymous = kibibytes(line);
  }
  return use;
}

}  // namespace slate::bench
