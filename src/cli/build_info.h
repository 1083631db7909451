// What this program was built as.
#pragma once

#include <string>
#include <string_view>

#include "api/metrics.h"

namespace slate::cli {

extern const std::string_view kVersion;
// "Release", with " with sanitizers" where so.
extern const std::string_view kBuildType;

// "g++ 12.2.0", "clang 19.1.4".
std::string compiler_name();
// All of it, for metrics.
api::BuildInfo build_info();

}  // namespace slate::cli
