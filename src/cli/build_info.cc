#include "cli/build_info.h"

#include <fmt/format.h>

namespace slate::cli {

// Both macros come from the build.
constexpr std::string_view kVersion = SLATE_VERSION;
constexpr std::string_view kBuildType = SLATE_BUILD_TYPE;

std::string compiler_name() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

api::BuildInfo build_info() {
  return {
      .version = std::string(kVersion), .build_type = std::string(kBuildType), .compiler = compiler_name()};
}

}  // namespace slate::cli
