// Programs that tests run as processes of their own.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern char** environ;

namespace slate::testing {

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "slate-process-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A process whose output and errors come through one pipe, line by line. Killed when the object ends before
// it.
class ChildProcess {
 public:
  explicit ChildProcess(std::vector<std::string> command) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    output_ = ends[0];
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (::posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0)
      process_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~ChildProcess() {
    if (process_ > 0 && !exit_) {
      ::kill(process_, SIGKILL);
      wait();
    }
    close_output();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal(int number) const { ::kill(process_, number); }
  pid_t id() const { return process_; }
  // As when whatever took its output has ended.
  void close_output() {
    if (output_ >= 0) ::close(std::exchange(output_, -1));
  }

  // The next line that has `part` in it; nothing when the process ended, or was silent for five minutes,
  // before that.
  std::optional<std::string> read_until(std::string_view part) {
    while (const auto line = read_line())
      if (line->find(part) != std::string::npos) return line;
    return std::nullopt;
  }
  // All that was read so far, for messages.
  const std::string& seen() const { return seen_; }

  // The exit status, or minus the number of the signal that ended it. Drops what it still writes.
  int wait() {
    if (exit_) return *exit_;
    while (read_line()) {
    }
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return *exit_;
  }

 private:
  std::optional<std::string> read_line() {
    for (;;) {
      const auto end = pending_.find('\n');
      if (end != std::string::npos) {
        std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        seen_ += line + "\n";
        return line;
      }
      if (output_ < 0) return std::nullopt;
      pollfd readable{.fd = output_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&readable, 1, 300'000);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return std::nullopt;
      char buffer[4096];
      const auto count = ::read(output_, buffer, sizeof buffer);
      if (count <= 0) return std::nullopt;
      pending_.append(buffer, static_cast<std::size_t>(count));
    }
  }

  pid_t process_ = -1;
  int output_ = -1;
  std::string pending_;
  std::string seen_;
  std::optional<int> exit_;
};

struct Finished {
  int exit = -1;
  std::string out;
  std::string err;
};

// Runs a program to its end.
inline Finished run_program(std::vector<std::string> command, const std::string& input = {}) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder.path() / name).string(); };
  std::ofstream(file("in")) << input;
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, file("in").c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, file("out").c_str(), O_WRONLY | O_CREAT, 0600);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, file("err").c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t process = -1;
  Finished finished;
  if (::posix_spawn(&process, arguments[0], &actions, nullptr, arguments.data(), environ) == 0) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    finished.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  const auto contents = [&](const char* name) {
    std::ostringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  };
  finished.out = contents("out");
  finished.err = contents("err");
  return finished;
}

}  // namespace slate::testing
