#include "bench/compare/postgres_server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <optional>
#include <pwd.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/try.h"

namespace slate::bench::compare {
namespace {

// Whom the server runs as; nothing: as we do.
Result<std::optional<User>> unprivileged_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* entry = ::getpwnam(name)) return User{.user = entry->pw_uid, .group = entry->pw_gid};
  return fail(Reason::kFailedPrecondition, "PostgreSQL does not run as root, and there is no other user");
}

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
  SLATE_TRY(const auto initdb,
            ChildProcess::start({.command = {(programs / "initdb").string(), "-D", data, "-A", "trust", "-U",
                                             "slate", "-E", "UTF8", "--locale=C", "--no-sync"},
                                 .log = path / "initdb.log",
                                 .user = user}));
  SLATE_TRY(initdb->wait_for_success());

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
  SLATE_TRY(server->process_, ChildProcess::start({.command = std::move(command),
                                                   .log = path / "postgres.log",
                                                   .end_with = SIGQUIT,  // at once: nothing of it is kept
                                                   .user = user}));
  SLATE_TRY(
      server->process_->wait_until([&] { return PQping(server->connection_string().c_str()) == PQPING_OK; }));
  return server;
}

std::string PostgresServer::connection_string() const {
  return fmt::format("host={} user=slate dbname=postgres", folder_.path().string());
}

}  // namespace slate::bench::compare
