#include "cli/isolated.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace slate::cli {
namespace {

constexpr int kReturned = 0;
constexpr int kThrew = 70;

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(kThrew);  // nobody listens any more
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void run_copy(int output, pid_t parent, const std::function<void(const Say&)>& work) {
  // Nobody listens when the other one has been ended; and files stay locked as long as this one runs.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kThrew);
  if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0)
    ::dup2(nowhere, STDERR_FILENO);
  int status = kReturned;
  try {
    work([output](std::string_view line) { write_all(output, std::string(line) + '\n'); });
  } catch (const std::exception&) {
    status = kThrew;
  }
  ::_exit(status);  // nothing of the copied process is put away twice
}

void read_lines(int input, const Say& heard) {
  std::string pending;
  char buffer[16 * 1024];
  for (;;) {
    const auto count = ::read(input, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    pending.append(buffer, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
      heard(std::string_view(pending).substr(begin, end - begin));
    pending.erase(0, begin);
  }
}

}  // namespace

Result<std::optional<std::string>> run_isolated(const std::function<void(const Say&)>& work,
                                                const Say& heard) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(Reason::kIo, fmt::format("making a pipe: {}", std::strerror(errno)));
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    run_copy(ends[1], parent, work);
  }
  const int error = errno;
  ::close(ends[1]);
  if (process < 0) {
    ::close(ends[0]);
    return fail(Reason::kIo, fmt::format("making a process: {}", std::strerror(error)));
  }
  read_lines(ends[0], heard);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return fmt::format("ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != kReturned) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return std::nullopt;
}

}  // namespace slate::cli
