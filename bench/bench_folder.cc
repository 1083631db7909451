#include "bench/bench_folder.h"

#include <cstdlib>
#include <system_error>

namespace slate::bench {

namespace fs = std::filesystem;

Result<BenchFolder> BenchFolder::make(const std::string& given) {
  std::error_code error;
  if (!given.empty()) {
    fs::create_directories(given, error);
    if (error) return fail(Reason::kIo, given + ": " + error.message());
    return BenchFolder(given, Keep::kYes);
  }
  const fs::path parent = fs::temp_directory_path(error);
  std::string pattern = ((error ? fs::path("/tmp") : parent) / "slate-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return fail(Reason::kIo, "no folder can be made like " + pattern);
  return BenchFolder(pattern, Keep::kNo);
}

BenchFolder::~BenchFolder() {
  std::error_code ignored;
  if (keep_ == Keep::kNo && !path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace slate::bench
