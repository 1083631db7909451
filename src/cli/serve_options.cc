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

void add_security_options(CommandLine& command_line, ServeOptions& options) {
  const auto file = [&](const char* flag, const char* help, std::string& target, const char* variable = "") {
    command_line.option(
        {.flags = flag, .value = "FILE", .help = help, .variable = variable, .default_text = "none"}, target);
  };
  file("--tls-cert",
       "Certificate (PEM), with those that lead to its authority: serve HTTPS. Read again\n"
       "when it changes, as all of these files",
       options.tls_cert);
  file("--tls-key", "Its private key (PEM)", options.tls_key);
  file("--tls-client-ca", "Authorities (PEM) of clients' certificates, which every client must then show",
       options.tls_client_ca);
  file("--admin-token-file", "Tokens, one a line, of which administration needs one",
       options.admin_token_file);
  file("--token-file", "Tokens, one a line, of which lists need one; those for administration do, too",
       options.token_file, "SLATE_LIST_TOKEN_FILE");
  command_line.option({.flags = "--max-connections", .value = "N", .help = "Open connections; more get 503"},
                      options.max_connections, 1, 1'000'000);
  command_line.option({.flags = "--max-client-connections",
                       .value = "N",
                       .help = "Open connections of one client's address; more get 429. 0: no limit"},
                      options.max_client_connections, 0, 1'000'000);
  command_line.option({.flags = "--max-client-rate",
                       .value = "N",
                       .help = "Requests a second of one client's address; more get 429. 0: no limit"},
                      options.max_client_rate, 0, 1'000'000);
}

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
       .help = "Where to listen; port 0 takes one that is free. Beyond loopback administration needs\n"
               "--admin-token-file, --tls-client-ca, --admin-listen or --lists-only"},
      options.listen);
  command_line.option(
      {.flags = "--lists-only",
       .value = "",
       .help = "Serve the read-only lists, /healthz, /readyz and /metrics, and no administration"},
      options.lists_only);
  command_line.option({.flags = "--admin-listen",
                       .value = "ADDRESS:PORT",
                       .help = "Serve everything here, and at --listen only the read-only lists and probes",
                       .default_text = "none"},
                      options.admin_listen);
  add_security_options(command_line, options);
  command_line.bytes({.flags = "--answer-cache",
                      .value = "BYTES",
                      .help = "Memory for rendered pages that are asked for again; 0 keeps none"},
                     options.cache_bytes, 0);
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

namespace {

Failure refuse(std::string flag, std::string message, std::string hint) {
  return fail(Error(Reason::kInvalidArgument, std::move(message))
                  .with_field(std::move(flag))
                  .with_hint(std::move(hint)));
}

Result<void> check_files(const ServeOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty())
    return refuse(options.tls_cert.empty() ? "--tls-cert" : "--tls-key",
                  "a certificate and its key go together", "give --tls-cert and --tls-key");
  if (!options.tls_client_ca.empty() && options.tls_cert.empty())
    return refuse("--tls-client-ca", "certificates of clients are asked for under TLS only",
                  "give --tls-cert and --tls-key");
  return {};
}

}  // namespace

Result<Endpoints> checked_endpoints(const ServeOptions& options) {
  SLATE_TRY(check_files(options));
  Endpoints endpoints;
  SLATE_TRY(endpoints.main, parse_listen_address(options.listen));
  const bool lists_only = options.lists_only == Switch::kOn;
  if (!options.admin_listen.empty()) {
    if (lists_only)
      return refuse("--admin-listen", "--lists-only serves no administration", "leave one of them out");
    SLATE_TRY(endpoints.administration, parse_listen_address(options.admin_listen));
  }
  const bool is_guarded = !options.admin_token_file.empty() || !options.tls_client_ca.empty();
  if (lists_only || is_guarded) return endpoints;
  const ListenAddress& administration = endpoints.administration.value_or(endpoints.main);
  if (!administration.is_loopback)
    return refuse(
        endpoints.administration ? "--admin-listen" : "--listen",
        "administration on " + administration.to_string() + ", beyond loopback, needs a token or mutual TLS",
        "give --admin-token-file, serve it elsewhere with --admin-listen 127.0.0.1:8081, or not at "
        "all with --lists-only");
  if (!options.token_file.empty())
    return refuse("--token-file", "lists would need a token while administration, which can do more, is open",
                  "give --admin-token-file, too");
  return endpoints;
}

}  // namespace slate::cli
