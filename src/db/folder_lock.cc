#include "db/folder_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace slate {

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return fail(Reason::kIo, fmt::format("opening {}: {}", (folder / "LOCK").native(), std::strerror(errno)));
  return hold(descriptor, folder);
}

Result<FolderLock> FolderLock::take_to_read(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return FolderLock();
  if (descriptor < 0)
    return fail(Reason::kIo, fmt::format("opening {}: {}", (folder / "LOCK").native(), std::strerror(errno)));
  return hold(descriptor, folder);
}

Result<FolderLock> FolderLock::hold(int descriptor, const std::filesystem::path& folder) {
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return fail(Error(Reason::kFailedPrecondition,
                      fmt::format("the data folder is open in another process: {}", folder.native()))
                    .with_hint("stop that process, or choose another folder"));
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(Reason::kIo, fmt::format("opening a folder: {}", std::strerror(errno)));
  const int code = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (code != 0) return fail(Reason::kIo, fmt::format("syncing a folder: {}", std::strerror(error)));
  return {};
}

}  // namespace slate
