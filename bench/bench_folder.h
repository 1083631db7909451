// Where benchmarks keep their databases.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include <slate/error.h>

namespace slate::bench {

// A folder that was named, which stays; or a temporary one, which goes when the object does.
class BenchFolder {
 public:
  // `given` is created when missing; empty: a temporary folder.
  static Result<BenchFolder> make(const std::string& given);
  ~BenchFolder();
  BenchFolder(BenchFolder&& other) noexcept : path_(std::move(other.path_)), keep_(other.keep_) {
    other.path_.clear();
  }
  BenchFolder& operator=(BenchFolder&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  enum class Keep : std::uint8_t { kYes, kNo };
  BenchFolder(std::filesystem::path path, Keep keep) : path_(std::move(path)), keep_(keep) {}

  std::filesystem::path path_;
  Keep keep_;
};

}  // namespace slate::bench
