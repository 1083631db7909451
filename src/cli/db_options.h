#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/listen_address.h"

namespace slate::cli {

struct DbOptions {
  std::string data = "./slate-data";
  std::string listen = "127.0.0.1:9600";
  std::string token_file;  // empty: none
  std::string durability;  // "sync", "os", or empty: as each datasource says
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  std::uint64_t io_threads = 1;
  std::uint64_t pool_threads = 4;
  std::uint64_t scan_helpers = 0;
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  std::uint64_t max_connections = 10'000;
  std::uint64_t max_write_bytes = std::uint64_t{16} << 20;

  // Defaults for a machine with that many cores.
  static DbOptions for_cores(unsigned cores);
  std::optional<Durability> default_durability() const;
};

void add_db_options(CommandLine& command_line, DbOptions& options);

// Where to listen. invalid_argument for what is no address, and for one beyond loopback without a token file.
Result<ListenAddress> checked_address(const DbOptions& options);

// The tokens of a file, one a line, of 16 characters at least; blanks around them, empty lines and those that
// begin with # count for nothing. Errors: io; invalid_argument, which never says what is in the file.
Result<std::vector<std::string>> read_tokens(const std::string& file);

}  // namespace slate::cli
