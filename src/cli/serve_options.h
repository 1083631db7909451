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
  Switch lists_only = Switch::kOff;  // the read-only lists and health, nothing else
  std::string durability;            // "sync", "os", or empty: as each datasource says
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  std::uint64_t io_threads = 1;
  std::uint64_t pool_threads = 4;
  std::uint64_t scan_helpers = 0;
  std::uint64_t map_bytes = std::uint64_t{64} << 30;

  // Defaults for a machine with that many cores.
  static ServeOptions for_cores(unsigned cores);
  std::optional<Durability> default_durability() const;
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

// Where to listen. invalid_argument for what is no address, and for one beyond loopback unless only lists are
// served: administration needs a token there, which this release does not offer.
Result<ListenAddress> checked_address(const ServeOptions& options);

}  // namespace slate::cli
