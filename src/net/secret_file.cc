#include "net/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/log.h"
#include "base/try.h"

namespace slate::net {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto folder = file.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

}  // namespace

Result<std::string> read_public_file(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad() || (stream.gcount() == 0 && std::filesystem::is_directory(file))) {
    const int error = errno != 0 ? errno : EIO;
    return fail(error == ENOENT ? Reason::kNotFound : Reason::kIo,
                "cannot read '" + file.string() + "': " + std::generic_category().message(error));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMostBytes)
    return fail(Reason::kInvalidArgument,
                "'" + file.string() + "' is larger than " + std::to_string(kMostBytes) + " bytes");
  return text;
}

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  SLATE_TRY(std::string text, read_public_file(file));
  std::error_code ignored;
  const auto rights = std::filesystem::status(file, ignored).permissions();
  if (!ignored && (rights & std::filesystem::perms::others_read) != std::filesystem::perms::none)
    log::warning("a file with a secret may be read by every user of this machine", {{"file", file.string()}});
  return text;
}

Result<WatchedFiles> WatchedFiles::watch(const std::vector<std::filesystem::path>& files,
                                         const std::function<void()>& on_change) {
  std::vector<std::filesystem::path> folders;
  for (const auto& file : files) folders.push_back(folder_of(file));
  std::ranges::sort(folders);
  const auto same = std::ranges::unique(folders);
  folders.erase(same.begin(), same.end());
  WatchedFiles watched;
  for (const auto& folder : folders) {
    SLATE_TRY(auto watcher, FileWatcher::watch(folder, on_change));
    watched.watchers_.push_back(std::move(watcher));
  }
  return watched;
}

}  // namespace slate::net
