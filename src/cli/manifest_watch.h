#pragma once

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

struct ManifestWatchOptions {
  std::filesystem::path folder;
  std::filesystem::path memory;  // file that remembers across restarts what came from manifests
  // Told of each datasource that was removed; from any thread, one call at a time.
  std::function<void(std::string_view)> on_removed{};
};

// Applies a folder of manifests now and at every change of it, and logs what that did. While the folder
// itself cannot be read nothing is changed.
class ManifestWatch {
 public:
  // Everything has been applied when it returns; bad documents are in the log and no error. Errors: not_found
  // and io of the folder and of the memory. The database must outlive the watch.
  static Result<std::unique_ptr<ManifestWatch>> start(Database& database, ManifestWatchOptions options);
  ManifestWatch(const ManifestWatch&) = delete;
  ManifestWatch& operator=(const ManifestWatch&) = delete;

 private:
  ManifestWatch(Database& database, ManifestWatchOptions options, ManifestOrigins origins)
      : options_(std::move(options)), folder_(database, std::move(origins)) {}
  Result<void> apply();
  static void write_log(const ManifestReport& report);

  const ManifestWatchOptions options_;
  std::mutex mutex_;  // guards folder_: the first apply() and one of the watcher may meet
  ManifestFolder folder_;
  std::unique_ptr<net::FileWatcher> watcher_;  // last: its thread ends first
};

}  // namespace slate::cli
