// What this program was built as.
#pragma once

#include <string>
#include <string_view>

namespace slate::cli {

extern const std::string_view kVersion;
// "Release", with " with sanitizers" where so.
extern const std::string_view kBuildType;

// "g++ 12.2.0", "clang 19.1.4".
std::string compiler_name();

}  // namespace slate::cli
