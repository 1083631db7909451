// One process writes to a data folder.
#pragma once

#include <filesystem>
#include <utility>

#include <slate/error.h>

namespace slate {

// Held until it goes, or the process does: an flock() on DATA/LOCK.
class FolderLock {
 public:
  FolderLock() = default;
  // failed_precondition when another process, or this one, has the folder open.
  static Result<FolderLock> take(const std::filesystem::path& folder);
  // The same for a folder that is only read, and where no file is made: one without a LOCK was never opened,
  // and needs none.
  static Result<FolderLock> take_to_read(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FolderLock();

 private:
  static Result<FolderLock> hold(int descriptor, const std::filesystem::path& folder);
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// Makes a folder's entries durable: a file that was made or renamed in it is there after a power loss.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace slate
