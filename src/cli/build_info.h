#pragma once

#include <string>
#include <string_view>

namespace slate::cli {

inline constexpr std::string_view kVersion = SLATE_VERSION;
inline constexpr std::string_view kBuildType =
    SLATE_BUILD_TYPE;  // "Release", with " with sanitizers" where so

// "g++ 12.2.0", "clang 19.1.4".
inline std::string compiler_name() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#else
  return "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
         std::to_string(__GNUC_PATCHLEVEL__);
#endif
}

}  // namespace slate::cli
