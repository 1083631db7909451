#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <slate/error.h>

#include "net/file_watcher.h"

namespace slate::net {

// Whether what was read from files is read again when they change.
enum class Reload : std::uint8_t { kNever, kWhenChanged };

// The content of a small file (at most 1 MiB) with a token or a key in it. Warns in the log when every user
// of the machine may read it. Errors: not_found, io, invalid_argument for one that is too large; they name
// the file, never what is in it.
Result<std::string> read_secret_file(const std::filesystem::path& file);
// The same without the warning: certificates are public.
Result<std::string> read_public_file(const std::filesystem::path& file);

// Tells when one of several files may have changed: whenever an entry of one of their folders did. A file
// that is a link into another folder is noticed when the link is replaced, as Kubernetes does it.
class WatchedFiles {
 public:
  // The callback runs on threads of the watchers', for different folders perhaps at once. Errors: not_found
  // for a folder that is none; io.
  static Result<WatchedFiles> watch(const std::vector<std::filesystem::path>& files,
                                    const std::function<void()>& on_change);

 private:
  std::vector<std::unique_ptr<FileWatcher>> watchers_;
};

}  // namespace slate::net
