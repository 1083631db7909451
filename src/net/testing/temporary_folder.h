#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace slate::net::testing {

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "slate-net-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path path(const std::string& name) const { return path_ / name; }
  // Whole, under its name, at once; for the owner only.
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / ".next") << text;
    std::filesystem::permissions(path_ / ".next",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(path_ / ".next", path_ / name);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace slate::net::testing
