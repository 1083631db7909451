// A program that is measured: started, and ended with the object.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include <slate/error.h>

namespace slate::bench {

struct User {
  uid_t user = 0;
  gid_t group = 0;
};

struct ChildOptions {
  std::vector<std::string> command;  // the program's path first
  std::filesystem::path log;         // gets what it says, stdout and stderr
  int end_with = SIGTERM;            // the signal that asks it to end
  // Memory of its own that it may have, enforced by the kernel (RLIMIT_DATA): heap, stacks and private maps,
  // not the mapped store. Absent: as this process.
  std::optional<std::uint64_t> data_bytes{};
  std::optional<User> user{};  // whom it runs as, without other groups; absent: as this process
};

// Should this process be killed, the kernel ends the other one, too. It runs on the processors of the thread
// that starts it. One thread at a time.
class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> start(ChildOptions options);
  // stop().
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool has_ended();
  // Waits until `is_ready`, which is asked now and then. Errors: internal, with the last line of the log,
  // when it ends before or takes longer than a minute.
  Result<void> wait_until(const std::function<bool()>& is_ready);
  // Waits until it ends by itself. Errors: internal, with the last line of the log, unless it ends with 0.
  Result<void> wait_for_success();
  std::string log() const;
  // Asks it to end, and insists after some seconds. How it ended, for people, "0" or "signal 9"; again: the
  // same.
  std::string stop();

 private:
  ChildProcess(ChildOptions options, pid_t pid) : options_(std::move(options)), pid_(pid) {}
  std::string last_line() const;

  const ChildOptions options_;
  const pid_t pid_;
  std::optional<int> status_;  // once it has ended
};

// Of a process, in bytes; zeroes when it is gone.
struct MemoryUse {
  std::uint64_t resident = 0;   // with what it maps of files
  std::uint64_t anonymous = 0;  // of its own
};
MemoryUse memory_of(pid_t process);

}  // namespace slate::bench
