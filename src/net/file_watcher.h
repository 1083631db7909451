#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include <slate/error.h>

namespace slate::net {

struct FileWatcherOptions {
  // How long a directory must be quiet before the callback runs: a save is often several events.
  std::chrono::milliseconds quiet{100};
  // The longest that a steady flow of changes may put the callback off.
  std::chrono::milliseconds at_most{1000};
};

// Tells when an entry of a directory was created, written, removed or renamed. Subdirectories are not looked
// into, which is enough for a Kubernetes volume: there an update renames the link `..data`. A watched
// directory that is removed is picked up again when it comes back. It says only that something changed, never
// what: the callback reads the directory anew.
class FileWatcher {
 public:
  // Runs on the watcher's own thread, one call at a time; changes during a call cause another one.
  using Callback = std::function<void()>;

  // What happens after this has returned is noticed. Errors: not_found if it is no directory; io.
  static Result<std::unique_ptr<FileWatcher>> watch(std::filesystem::path directory, Callback on_change,
                                                    FileWatcherOptions options = {});
  // Waits for a callback that is running; none runs afterwards. Must not come from the callback.
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

 private:
  struct Impl;
  explicit FileWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::net
