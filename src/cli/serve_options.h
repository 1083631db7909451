#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <slate/datasource.h>
#include <slate/error.h>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/listen_address.h"

namespace slate::cli {

struct ServeOptions {
  std::string data = "./slate-data";
  std::string manifests;  // empty: none
  std::string listen = "127.0.0.1:8080";
  Switch lists_only = Switch::kOff;          // the read-only lists and health, nothing else
  std::string admin_listen;                  // empty: administration is served where lists are
  std::string tls_cert, tls_key;             // empty: plain HTTP
  std::string tls_client_ca;                 // empty: clients need no certificate
  std::string admin_token_file, token_file;  // empty: no token is asked for
  std::uint64_t max_connections = 10'000;
  std::uint64_t max_client_connections = 2'000;  // of one address; 0: no limit
  std::uint64_t max_client_rate = 0;             // requests a second of one address; 0: no limit
  std::string durability;                        // "sync", "os", or empty: as each datasource says
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  std::uint64_t io_threads = 1;
  std::uint64_t pool_threads = 4;
  std::uint64_t scan_helpers = 0;
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  std::uint64_t cache_bytes = std::uint64_t{16} << 20;  // of rendered answers; 0: none is kept

  // Defaults for a machine with that many cores.
  static ServeOptions for_cores(unsigned cores);
  std::optional<Durability> default_durability() const;
  bool operator==(const ServeOptions&) const = default;
};

// HTTP in front of a database elsewhere.
struct ApiOptions {
  ServeOptions http{};  // but for what is about the data folder
  std::string database = "127.0.0.1:9600";
  std::string token_file;         // empty: none
  std::uint64_t connections = 0;  // 0: as many as threads could need
};

void add_serve_options(CommandLine& command_line, ServeOptions& options);
void add_api_options(CommandLine& command_line, ApiOptions& options);

struct Endpoints {
  ListenAddress main;  // lists, and everything else where there is no port for administration
  std::optional<ListenAddress> administration;
};

// Where to listen. invalid_argument, naming the flag, for what is no address, for files that go together when
// one of them is missing, and for administration that would be open to more than this machine: beyond
// loopback it needs a token or mutual TLS.
Result<Endpoints> checked_endpoints(const ServeOptions& options);

}  // namespace slate::cli
