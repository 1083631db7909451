#include "bench/net/servers.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <slate/database.h>

#include "base/try.h"
#include "bench/run.h"
#include "bench/workload.h"

namespace slate::bench::network {
namespace {

namespace fs = std::filesystem;

// A child inherits where the thread that starts it runs.
Result<std::unique_ptr<ChildProcess>> start_on(const Processors& processors, ChildOptions options) {
  const Processors before = own_processors();
  SLATE_TRY(run_on(processors));
  auto process = ChildProcess::start(std::move(options));
  SLATE_TRY(run_on(before));
  return process;
}

// The port in "... is serving on http://127.0.0.1:4711, data in ...".
std::optional<std::uint16_t> port_in(const std::string& log) {
  constexpr std::string_view kBefore = "serving on ";
  const auto said = log.find(kBefore);
  const auto line_end = log.find('\n', said);
  if (said == std::string::npos || line_end == std::string::npos) return std::nullopt;
  const std::string where = log.substr(said + kBefore.size(), log.find(',', said) - said - kBefore.size());
  return static_cast<std::uint16_t>(std::strtoul(where.c_str() + where.rfind(':') + 1, nullptr, 10));
}

Result<int> listening_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket >= 0 && ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  if (socket >= 0) ::close(socket);
  return fail(Reason::kIo, "no port is free");
}

// nginx cannot take one by itself.
Result<std::uint16_t> free_port() {
  SLATE_TRY(const int socket, listening_socket());
  sockaddr_in address{};
  socklen_t size = sizeof address;
  const int failed = ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  if (failed != 0) return fail(Reason::kIo, "no port is free");
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

Result<void> write_file(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (!out) return fail(Reason::kIo, file.string() + " cannot be written");
  return {};
}

std::string nginx_configuration(const fs::path& folder, std::uint16_t port, std::size_t workers) {
  const std::string where = folder.string();
  std::string temporary;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    temporary += fmt::format("  {}_temp_path {}/{};\n", kind, where, kind);
  // As root its workers would be another user, who may not look into a temporary folder.
  return fmt::format(
      "daemon off;\n{0}worker_processes {1};\npid {2}/pid;\nerror_log {2}/error.log;\n"
      "events {{ worker_connections 4096; multi_accept on; }}\n"
      "http {{\n"
      "  access_log off;\n  default_type application/json;\n  sendfile on;\n  tcp_nopush on;\n  tcp_nodelay "
      "on;\n"
      "  keepalive_timeout 1h;\n  keepalive_requests 1000000000;\n"
      "  open_file_cache max=16 inactive=1h;\n  open_file_cache_valid 1h;\n{3}"
      "  server {{ listen 127.0.0.1:{4} backlog=4096; root {2}/root; }}\n"
      "}}\n",
      ::geteuid() == 0 ? "user root;\n" : "", workers, where, temporary, port);
}

}  // namespace

Result<void> fill(const fs::path& folder, std::size_t records) {
  SLATE_TRY(const auto database, Database::open({.path = folder}));
  const Workload workload(records);
  const Datasource datasource = workload_datasource(std::string(kDatasource), Durability::kOs);
  SLATE_TRY(database->save_datasource(datasource));
  SLATE_TRY(load(*database, kDatasource, workload));
  ListView list{.id = std::string(kList),
                .datasource = std::string(kDatasource),
                .filter = Filter::condition("status", Op::kEq, "active"),
                .sort = {{.field = "contacts_count"}}};
  for (const Field& field : datasource.fields) list.columns.push_back({.field = field.name});
  SLATE_TRY(database->save_list(list));
  return {};
}

Result<RunningServer> start_slate(const SlateOptions& options, const Processors& processors) {
  const fs::path folder = options.data.parent_path() / options.name;
  std::error_code error;
  fs::remove_all(folder, error);
  fs::copy(options.data, folder, fs::copy_options::recursive, error);
  if (error) return fail(Reason::kIo, folder.string() + ": " + error.message());
  ChildOptions child{.command = {options.program, options.verb, "--data", folder.string(), "--listen",
                                 "127.0.0.1:0", "--log-level", "warning"},
                     .log = folder.string() + ".log",
                     .data_bytes = options.data_bytes};
  child.command.insert(child.command.end(), options.arguments.begin(), options.arguments.end());
  RunningServer server;
  SLATE_TRY(server.process, start_on(processors, std::move(child)));
  SLATE_TRY(server.process->wait_until([&] {
    const auto port = port_in(server.process->log());
    server.port = port.value_or(0);
    return port.has_value();
  }));
  return server;
}

Result<RunningServer> start_nginx(const std::string& program, const fs::path& folder,
                                  std::string_view content, const Processors& processors) {
  const fs::path file = folder / "root" / kPagePath.substr(1);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return fail(Reason::kIo, folder.string() + ": " + error.message());
  SLATE_TRY(write_file(file, content));
  RunningServer server;
  SLATE_TRY(server.port, free_port());
  const fs::path configuration = folder / "nginx.conf";
  SLATE_TRY(write_file(configuration, nginx_configuration(folder, server.port, processors.size())));
  SLATE_TRY(server.process,
            start_on(processors, {.command = {program, "-p", folder.string(), "-c", configuration.string(),
                                              "-e", (folder / "error.log").string()},
                                  .log = folder / "log"}));
  SLATE_TRY(server.process->wait_until([&] { return accepts(server.port); }));
  return server;
}

}  // namespace slate::bench::network
