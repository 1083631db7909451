// The data folder of a verb that has one, and its database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <slate/database.h>
#include <slate/datasource.h>
#include <slate/error.h>

#include "cli/command_line.h"

namespace slate::cli {

struct StoreOptions {
  std::string data = "./slate-data";
  std::string durability;  // "sync", "os", or empty: as each datasource says
  std::uint64_t scan_helpers = 0;
  std::uint64_t map_bytes = std::uint64_t{64} << 30;

  // Defaults for a machine with that many cores.
  static StoreOptions for_cores(unsigned cores);
  std::optional<Durability> default_durability() const;
  bool operator==(const StoreOptions&) const = default;
};

void add_store_options(CommandLine& command_line, StoreOptions& options);

// An open data folder.
class Store {
 public:
  // Errors: those of Database::open().
  static Result<Store> open(const StoreOptions& options);

  Database& database() const { return with_default_ ? *with_default_ : *stored_; }

 private:
  std::unique_ptr<Database> stored_;
  std::unique_ptr<Database> with_default_;  // in front of it; null: datasources say everything themselves
};

}  // namespace slate::cli
