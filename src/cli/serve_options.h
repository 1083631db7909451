#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <slate/client.h>
#include <slate/error.h>

#include "cli/command_line.h"
#include "cli/listen_address.h"
#include "cli/listen_options.h"
#include "cli/process.h"
#include "cli/store_options.h"

namespace slate::cli {

struct ServeOptions {
  StoreOptions store{};
  ProcessOptions process{};
  TlsOptions tls{};  // of all ports
  ConnectionOptions connections{};
  std::string manifests;  // empty: none
  std::string listen = "127.0.0.1:8080";
  Switch lists_only = Switch::kOff;                     // the read-only lists and health, nothing else
  std::string admin_listen;                             // empty: administration is served where lists are
  std::string admin_token_file, token_file;             // empty: no token is asked for
  std::uint64_t max_client_rate = 0;                    // requests a second of one address; 0: no limit
  std::uint64_t cache_bytes = std::uint64_t{16} << 20;  // of rendered answers; 0: none is kept

  // Defaults for a machine with that many cores.
  static ServeOptions for_cores(unsigned cores);
  bool operator==(const ServeOptions&) const = default;
};

// HTTP in front of a database elsewhere.
struct ApiOptions {
  ServeOptions http{};  // but for what is about the data folder
  std::string database = "127.0.0.1:9600";
  std::string token_file;                        // empty: none
  Switch tls = Switch::kOff;                     // on, too, where one of the next is given
  std::string ca_file, client_cert, client_key;  // empty: the system's authorities, no certificate
  std::uint64_t connections = 0;                 // 0: as many as threads could need
};

void add_serve_options(CommandLine& command_line, ServeOptions& options);
void add_api_options(CommandLine& command_line, ApiOptions& options);

// How to reach the database. invalid_argument, naming the flag, for what is no address and for a certificate
// without its key.
Result<ClientOptions> checked_client(const ApiOptions& options);

struct Endpoints {
  ListenAddress main;  // lists, and everything else where there is no port for administration
  std::optional<ListenAddress> administration;
};

// Where to listen. invalid_argument, naming the flag, for what is no address, for files that go together when
// one of them is missing, and for administration that would be open to more than this machine: beyond
// loopback it needs a token or mutual TLS.
Result<Endpoints> checked_endpoints(const ServeOptions& options);

}  // namespace slate::cli
