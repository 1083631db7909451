#include "cli/store_options.h"

#include <algorithm>

#include "base/try.h"
#include "db/forwarding_database.h"

namespace slate::cli {
namespace {

constexpr std::uint64_t kPage = std::uint64_t{2} << 20;

// Datasources get `durability` when they are saved without saying.
class DurabilityDefault final : public ForwardingDatabase {
 public:
  DurabilityDefault(Database& database, Durability durability)
      : ForwardingDatabase(database), durability_(durability) {}

  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override {
    if (datasource.durability) return behind().save_datasource(datasource, existing);
    Datasource with_default = datasource;
    with_default.durability = durability_;
    return behind().save_datasource(with_default, existing);
  }

 private:
  const Durability durability_;
};

}  // namespace

StoreOptions StoreOptions::for_cores(unsigned cores) {
  StoreOptions options;
  options.scan_helpers = std::clamp(cores, 1U, 257U) - 1;
  return options;
}

std::optional<Durability> StoreOptions::default_durability() const {
  if (durability == "sync") return Durability::kSync;
  if (durability == "os") return Durability::kOs;
  return std::nullopt;
}

void add_store_options(CommandLine& command_line, StoreOptions& options) {
  command_line.option(
      {.flags = "--data", .value = "DIR", .help = "Folder of the database; made when missing"}, options.data);
  command_line.choice(
      {.flags = "--durability",
       .help = "For datasources that do not say: sync survives power loss, os a killed process.\n"
               "Stored with the datasource when it is saved",
       .default_text = "os with a loader, else sync"},
      options.durability, {"sync", "os"});
  command_line.option({.flags = "--scan-helpers",
                       .value = "N",
                       .help = "Threads that help large scans while fewer queries run than there are cores"},
                      options.scan_helpers, 0, 256);
  command_line.bytes(
      {.flags = "--map-size",
       .value = "BYTES",
       .help = "The most that one datasource can hold, such as 512MiB or 64GiB: address space, which\n"
               "costs nothing until it is used"},
      options.map_bytes, std::uint64_t{1} << 20, std::uint64_t{64} << 40);
}

Result<Store> Store::open(const StoreOptions& options) {
  Store store;
  SLATE_TRY(store.stored_,
            Database::open({.path = options.data,
                            .generation_map_bytes = (options.map_bytes + kPage - 1) / kPage * kPage,
                            .scan_helpers = static_cast<unsigned>(options.scan_helpers)}));
  if (const auto durability = options.default_durability())
    store.with_default_ = std::make_unique<DurabilityDefault>(*store.stored_, *durability);
  return store;
}

}  // namespace slate::cli
