#include "cli/db_options.h"

#include <algorithm>

#include "base/try.h"
#include "wire/frame.h"

namespace slate::cli {

DbOptions DbOptions::for_cores(unsigned cores) {
  DbOptions options{.store = StoreOptions::for_cores(cores)};
  // Short requests are answered by the threads of the connections, the others by the pool.
  options.process.io_threads = std::clamp(cores / 2, 1U, 8U);
  options.process.pool_threads = std::clamp(2 * cores, 4U, 8U);
  return options;
}

void add_db_options(CommandLine& command_line, DbOptions& options) {
  add_store_options(command_line, options.store);
  command_line.option(
      {.flags = "--listen",
       .value = "ADDRESS:PORT",
       .help = "Where to listen; port 0 takes one that is free. An address beyond loopback needs\n"
               "--token-file or --tls-client-ca"},
      options.listen);
  command_line.option({.flags = "--metrics-listen",
                       .value = "ADDRESS:PORT",
                       .help = "Serve /healthz, /readyz and /metrics here, over plain HTTP and for everybody",
                       .default_text = "none"},
                      options.metrics_listen);
  add_tls_options(command_line, "serve TLS only", options.tls);
  command_line.option({.flags = "--token-file",
                       .value = "FILE",
                       .help = "Tokens that clients may show, one a line, of 16 characters at least",
                       .default_text = "none"},
                      options.token_file);
  add_connection_options(command_line, "are told so and closed", "are, too", options.connections);
  command_line.bytes({.flags = "--max-write-size",
                      .value = "BYTES",
                      .help = "The largest request that writes or loads records, from 1MiB to 64MiB"},
                     options.max_write_bytes, std::uint64_t{1} << 20, std::uint64_t{64} << 20);
  command_line.bytes(
      {.flags = "--max-queued-size",
       .value = "BYTES",
       .help = "Memory for answers that clients have not taken yet, of all connections together;\n"
               "from 32MiB to 1TiB"},
      options.max_queued_bytes, wire::kAnswerFrameBytes, std::uint64_t{1} << 40);
  add_process_options(command_line, options.process);
}

Result<DbEndpoints> checked_endpoints(const DbOptions& options) {
  SLATE_TRY(check_tls(options.tls));
  DbEndpoints endpoints;
  SLATE_TRY(endpoints.main, parse_listen_address(options.listen));
  if (!options.metrics_listen.empty()) {
    SLATE_TRY(endpoints.metrics, parse_listen_address(options.metrics_listen));
  }
  if (endpoints.main.is_loopback || !options.token_file.empty() || options.tls.is_mutual()) return endpoints;
  return refuse_flag(
      "--listen",
      "listening on " + endpoints.main.to_string() + ", beyond loopback, needs a token or mutual TLS",
      "give --token-file or --tls-client-ca, or listen on 127.0.0.1");
}

}  // namespace slate::cli
