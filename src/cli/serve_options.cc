#include "cli/serve_options.h"

#include <algorithm>

#include "base/try.h"

namespace slate::cli {

ServeOptions ServeOptions::for_cores(unsigned cores) {
  ServeOptions options;
  // Queries block a thread of the pool for microseconds when pages are in memory, for milliseconds when not.
  options.pool_threads = std::clamp(2 * cores, 4U, 8U);
  options.io_threads = std::clamp(cores / 8, 1U, 4U);
  options.scan_helpers = std::clamp(cores, 1U, 257U) - 1;
  return options;
}

std::optional<Durability> ServeOptions::default_durability() const {
  if (durability == "sync") return Durability::kSync;
  if (durability == "os") return Durability::kOs;
  return std::nullopt;
}

namespace {

void add_http_options(CommandLine& command_line, ServeOptions& options) {
  command_line.option(
      {.flags = "--manifests",
       .value = "DIR",
       .help = "Folder of manifests (*.yaml, *.yml, *.json), applied at the start and whenever a\n"
               "file changes; what is removed there is removed from the database",
       .default_text = "none"},
      options.manifests);
  command_line.option(
      {.flags = "--listen",
       .value = "ADDRESS:PORT",
       .help = "Where to listen; port 0 takes one that is free. An address beyond loopback needs\n"
               "--lists-only"},
      options.listen);
  command_line.option(
      {.flags = "--lists-only",
       .value = "",
       .help = "Serve the read-only lists, /healthz, /readyz and /metrics, and no administration"},
      options.lists_only);
}

void add_process_options(CommandLine& command_line, ServeOptions& options) {
  command_line.choice({.flags = "--log-level", .help = "The least that is logged, on stderr"},
                      options.log_level,
                      {{"debug", log::Level::kDebug},
                       {"info", log::Level::kInfo},
                       {"warning", log::Level::kWarning},
                       {"error", log::Level::kError},
                       {"off", log::Level::kOff}});
  command_line.choice({.flags = "--log-format", .help = "How log lines look"}, options.log_format,
                      {{"text", log::Format::kText}, {"json", log::Format::kJson}});
  command_line.option({.flags = "--io-threads", .value = "N", .help = "Threads for connections"},
                      options.io_threads, 1, 64);
  command_line.option({.flags = "--pool-threads", .value = "N", .help = "Threads for queries and writes"},
                      options.pool_threads, 1, 256);
}

}  // namespace

void add_serve_options(CommandLine& command_line, ServeOptions& options) {
  command_line.option(
      {.flags = "--data", .value = "DIR", .help = "Folder of the database; made when missing"}, options.data);
  add_http_options(command_line, options);
  command_line.choice(
      {.flags = "--durability",
       .help = "For datasources that do not say: sync survives power loss, os a killed process.\n"
               "Stored with the datasource when it is saved",
       .default_text = "os with a loader, else sync"},
      options.durability, {"sync", "os"});
  add_process_options(command_line, options);
  command_line.option({.flags = "--scan-helpers",
                       .value = "N",
                       .help = "Threads that help large scans while fewer queries run than there are cores"},
                      options.scan_helpers, 0, 256);
  command_line.bytes(
      {.flags = "--map-size",
       .value = "BYTES",
       .help = "The most that one datasource can hold, such as 512MiB or 64GiB: address space, which\n"
               "costs nothing until it is used"},
      options.map_bytes, std::uint64_t{1} << 20);
}

void add_api_options(CommandLine& command_line, ApiOptions& options) {
  command_line.option({.flags = "--db",
                       .value = "HOST:PORT[,...]",
                       .help = "Where slate db listens; the first of several addresses that answers is used"},
                      options.database);
  command_line.option({.flags = "--db-token-file",
                       .value = "FILE",
                       .help = "The token to show to the database: the first line of a file, read anew for\n"
                               "each connection",
                       .default_text = "none"},
                      options.token_file);
  command_line.option({.flags = "--db-connections",
                       .value = "N",
                       .help = "Connections to the database, at most; 0: twice the pool's threads and 8"},
                      options.connections, 0, 1024);
  add_http_options(command_line, options.http);
  add_process_options(command_line, options.http);
}

Result<ListenAddress> checked_address(const ServeOptions& options) {
  SLATE_TRY(ListenAddress address, parse_listen_address(options.listen));
  if (address.is_loopback || options.lists_only == Switch::kOn) return address;
  return fail(
      Error(Reason::kInvalidArgument, "listening on " + address.to_string() +
                                          ", beyond loopback, needs an administration token, which a later "
                                          "release brings")
          .with_field("--listen")
          .with_hint("listen on 127.0.0.1, or serve only the read-only lists there with --lists-only"));
}

}  // namespace slate::cli
