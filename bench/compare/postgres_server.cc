#include "bench/compare/postgres_server.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <grp.h>
#include <libpq-fe.h>
#include <optional>
#include <pwd.h>
#include <span>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/try.h"

namespace slate::bench::compare {
namespace {

constexpr std::chrono::seconds kStartTimeout{60};
constexpr std::chrono::milliseconds kStartPoll{20};
constexpr std::chrono::milliseconds kStopPoll{10};
constexpr int kStopPolls = 500;  // before it is made to

struct User {
  uid_t user = 0;
  gid_t group = 0;
};

// Whom the server runs as; nothing: as we do.
Result<std::optional<User>> unprivileged_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* entry = ::getpwnam(name)) return User{.user = entry->pw_uid, .group = entry->pw_gid};
  return fail(Reason::kFailedPrecondition, "PostgreSQL does not run as root, and there is no other user");
}

// Only what is safe between fork and exec.
[[noreturn]] void become(char* const* arguments, const std::optional<User>& user, int log) {
  const bool switched =
      !user || (::setgroups(0, nullptr) == 0 && ::setgid(user->group) == 0 && ::setuid(user->user) == 0);
  if (switched) {
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which would clear it
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::setsid();  // Ctrl-C is for us; we end the server
    ::execv(arguments[0], arguments);
  }
  ::_exit(127);
}

Result<pid_t> start_process(std::vector<std::string> command, const std::optional<User>& user,
                            const std::filesystem::path& folder) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const auto log_path = folder / "log";
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return fail(Reason::kIo, log_path.string() + ": " + std::strerror(errno));
  const pid_t process = ::fork();
  if (process == 0) become(arguments.data(), user, log);
  ::close(log);
  if (process < 0) return fail(Reason::kIo, std::string("fork: ") + std::strerror(errno));
  return process;
}

std::string last_line(const std::filesystem::path& file) {
  std::ifstream lines(file);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  return last;
}

bool has_ended(pid_t process) { return ::waitpid(process, nullptr, WNOHANG) != 0; }

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::start(const std::filesystem::path& programs,
                                                              std::size_t records) {
  SLATE_TRY(const auto user, unprivileged_user());
  SLATE_TRY(auto folder, BenchFolder::make(""));
  const std::filesystem::path path = folder.path();
  if (user && ::chown(path.c_str(), user->user, user->group) != 0)
    return fail(Reason::kIo, path.string() + ": " + std::strerror(errno));
  std::unique_ptr<PostgresServer> server(new PostgresServer(std::move(folder)));

  const std::string data = (path / "data").string();
  SLATE_TRY(const pid_t initdb, start_process({(programs / "initdb").string(), "-D", data, "-A", "trust",
                                               "-U", "slate", "-E", "UTF8", "--locale=C", "--no-sync"},
                                              user, path));
  int status = 0;
  if (::waitpid(initdb, &status, 0) != initdb || status != 0)
    return fail(Reason::kInternal,
                fmt::format("{} failed: {}", (programs / "initdb").string(), last_line(path / "log")));

  // Everything stays in memory, nothing is fsynced, and no housekeeping runs beside the measurements.
  const std::size_t buffers_mb = std::clamp<std::size_t>(records / 1'000, 256, 8'192);
  std::vector<std::string> command{(programs / "postgres").string(), "-D", data, "-k", path.string()};
  for (const std::string& setting :
       {std::string("listen_addresses="), std::string("fsync=off"), std::string("full_page_writes=off"),
        std::string("wal_level=minimal"), std::string("max_wal_senders=0"), std::string("max_wal_size=8GB"),
        std::string("autovacuum=off"), std::string("work_mem=256MB"),
        std::string("maintenance_work_mem=512MB"), std::string("random_page_cost=1.1"),
        fmt::format("shared_buffers={}MB", buffers_mb)}) {
    command.emplace_back("-c");
    command.push_back(setting);
  }
  SLATE_TRY(server->process_, start_process(std::move(command), user, path));
  for (const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;;) {
    const PGPing answer = PQping(server->connection_string().c_str());
    if (answer == PQPING_OK) return server;
    const bool ended = has_ended(server->process_);
    if (ended) server->process_ = -1;
    if (ended || std::chrono::steady_clock::now() > deadline)
      return fail(Reason::kInternal, "postgres does not start: " + last_line(path / "log"));
    std::this_thread::sleep_for(kStartPoll);
  }
}

PostgresServer::~PostgresServer() {
  if (process_ <= 0) return;
  ::kill(process_, SIGQUIT);  // at once: nothing of it is kept
  for (int waited = 0; !has_ended(process_); ++waited) {
    if (waited == kStopPolls) ::kill(process_, SIGKILL);
    std::this_thread::sleep_for(kStopPoll);
  }
}

std::string PostgresServer::connection_string() const {
  return fmt::format("host={} user=slate dbname=postgres", folder_.path().string());
}

}  // namespace slate::bench::compare
