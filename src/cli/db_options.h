#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <slate/error.h>

#include "cli/command_line.h"
#include "cli/listen_address.h"
#include "cli/listen_options.h"
#include "cli/process.h"
#include "cli/store_options.h"

namespace slate::cli {

struct DbOptions {
  StoreOptions store{};
  ProcessOptions process{};
  TlsOptions tls{};
  ConnectionOptions connections{};
  std::string listen = "127.0.0.1:9600";
  std::string metrics_listen;  // empty: no probes and no metrics
  std::string token_file;      // empty: none
  std::uint64_t max_write_bytes = std::uint64_t{16} << 20;
  std::uint64_t max_queued_bytes = std::uint64_t{256} << 20;

  // Defaults for a machine with that many cores.
  static DbOptions for_cores(unsigned cores);
};

void add_db_options(CommandLine& command_line, DbOptions& options);

struct DbEndpoints {
  ListenAddress main;
  std::optional<ListenAddress> metrics;
};

// Where to listen. invalid_argument, naming the flag, for what is no address, for TLS files that go together
// when one of them is missing, and for one beyond loopback with neither a token nor mutual TLS.
Result<DbEndpoints> checked_endpoints(const DbOptions& options);

}  // namespace slate::cli
