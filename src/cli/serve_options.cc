#include "cli/serve_options.h"

#include <algorithm>

#include "base/try.h"
#include "client/address.h"

namespace slate::cli {

ServeOptions ServeOptions::for_cores(unsigned cores) {
  ServeOptions options{.store = StoreOptions::for_cores(cores)};
  // Queries block a thread of the pool for microseconds when pages are in memory, for milliseconds when not.
  options.process.pool_threads = std::clamp(2 * cores, 4U, 8U);
  options.process.io_threads = std::clamp(cores / 8, 1U, 4U);
  return options;
}

namespace {

void add_security_options(CommandLine& command_line, ServeOptions& options) {
  add_tls_options(command_line, "serve HTTPS", options.tls);
  command_line.option({.flags = "--admin-token-file",
                       .value = "FILE",
                       .help = "Tokens, one a line, of which administration needs one",
                       .default_text = "none"},
                      options.admin_token_file);
  command_line.option(
      {.flags = "--token-file",
       .value = "FILE",
       .help = "Tokens, one a line, of which lists need one; those for administration do, too",
       .variable = "SLATE_LIST_TOKEN_FILE",
       .default_text = "none"},
      options.token_file);
  add_connection_options(command_line, "get 503", "get 429", options.connections);
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
                     options.cache_bytes, 0, std::uint64_t{1} << 40);
}

}  // namespace

void add_serve_options(CommandLine& command_line, ServeOptions& options) {
  add_store_options(command_line, options.store);
  add_http_options(command_line, options);
  add_process_options(command_line, options.process);
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
  command_line.option(
      {.flags = "--db-tls", .value = "", .help = "Speak TLS with the database; the three below imply it"},
      options.tls);
  command_line.option({.flags = "--db-ca-file",
                       .value = "FILE",
                       .help = "Authorities (PEM) to trust with the database's certificate",
                       .default_text = "the system's"},
                      options.ca_file);
  command_line.option({.flags = "--db-client-cert",
                       .value = "FILE",
                       .help = "Certificate (PEM) to show to a database that asks for one",
                       .default_text = "none"},
                      options.client_cert);
  command_line.option(
      {.flags = "--db-client-key", .value = "FILE", .help = "Its private key (PEM)", .default_text = "none"},
      options.client_key);
  command_line.option({.flags = "--db-connections",
                       .value = "N",
                       .help = "Connections to the database, at most; 0: twice the pool's threads and 8"},
                      options.connections, 0, 1024);
  add_http_options(command_line, options.http);
  add_process_options(command_line, options.http.process);
}

Result<ClientOptions> checked_client(const ApiOptions& options) {
  if (const auto addresses = client::parse_addresses(options.database); !addresses)
    return fail(Error(addresses.error()).with_field("--db"));
  if (options.client_cert.empty() != options.client_key.empty())
    return refuse_flag(options.client_cert.empty() ? "--db-client-cert" : "--db-client-key",
                       "a certificate and its key go together", "give --db-client-cert and --db-client-key");
  ClientOptions client{.address = options.database, .name = "slate api"};
  client.token_file = options.token_file;
  if (options.tls == Switch::kOn || !options.ca_file.empty() || !options.client_cert.empty())
    client.tls = {.ca = options.ca_file, .certificate = options.client_cert, .key = options.client_key};
  return client;
}

Result<Endpoints> checked_endpoints(const ServeOptions& options) {
  SLATE_TRY(check_tls(options.tls));
  Endpoints endpoints;
  SLATE_TRY(endpoints.main, parse_listen_address(options.listen));
  const bool lists_only = options.lists_only == Switch::kOn;
  if (!options.admin_listen.empty()) {
    if (lists_only)
      return refuse_flag("--admin-listen", "--lists-only serves no administration", "leave one of them out");
    SLATE_TRY(endpoints.administration, parse_listen_address(options.admin_listen));
  }
  const bool is_guarded = !options.admin_token_file.empty() || options.tls.is_mutual();
  if (lists_only || is_guarded) return endpoints;
  const ListenAddress& administration = endpoints.administration.value_or(endpoints.main);
  if (!administration.is_loopback)
    return refuse_flag(
        endpoints.administration ? "--admin-listen" : "--listen",
        "administration on " + administration.to_string() + ", beyond loopback, needs a token or mutual TLS",
        "give --admin-token-file, serve it elsewhere with --admin-listen 127.0.0.1:8081, or not at "
        "all with --lists-only");
  if (!options.token_file.empty())
    return refuse_flag("--token-file",
                       "lists would need a token while administration, which can do more, is open",
                       "give --admin-token-file, too");
  return endpoints;
}

}  // namespace slate::cli
