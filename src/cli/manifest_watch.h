#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include <slate/database.h>
#include <slate/error.h>

#include "cli/manifest_folder.h"
#include "net/file_watcher.h"

namespace slate::cli {

// Calls `use` with the database, or fails with why it cannot be reached.
using WithDatabase = std::function<Result<void>(const std::function<Result<void>(Database&)>& use)>;

struct ManifestWatchOptions {
  std::filesystem::path folder;
  // File that remembers across restarts what came from manifests. Empty: it is known for this process only.
  std::filesystem::path memory{};
  // Told of each datasource that was removed; from any thread, one call at a time.
  std::function<void(std::string_view)> on_removed{};
};

// Applies a folder of manifests now and at every change of it, and logs what that did. While the folder
// itself cannot be read nothing is changed.
class ManifestWatch {
 public:
  // Everything has been applied when it returns, unless the database cannot be reached: then it is owed. Bad
  // documents are in the log and no error. Errors: not_found and io of the folder and of the memory.
  // `with_database` is called from any thread, never with a lock of the watch held.
  static Result<std::unique_ptr<ManifestWatch>> start(WithDatabase with_database,
                                                      ManifestWatchOptions options);

  // Everything once more, to this database, such as one that is empty. Errors: of the folder and the memory.
  Result<void> apply_to(Database& database);
  // Tries again what the database could not be reached, or had no time, for; nothing when there is no such
  // thing.
  void apply_owed();
  ManifestWatch(const ManifestWatch&) = delete;
  ManifestWatch& operator=(const ManifestWatch&) = delete;

 private:
  ManifestWatch(WithDatabase with_database, ManifestWatchOptions options, ManifestOrigins origins)
      : with_database_(std::move(with_database)),
        options_(std::move(options)),
        origins_(std::move(origins)) {}
  Result<void> apply();
  static void write_log(const ManifestReport& report);

  const WithDatabase with_database_;
  const ManifestWatchOptions options_;
  std::atomic<bool> is_owed_ = false;
  std::mutex mutex_;  // held while documents are applied; guards origins_
  ManifestOrigins origins_;
  std::unique_ptr<net::FileWatcher> watcher_;  // last: its thread ends first
};

}  // namespace slate::cli
