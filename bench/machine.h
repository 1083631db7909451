// What benchmarks run on.
#pragma once

#include <string>

namespace slate::bench {

// "unknown CPU" where the kernel does not say.
std::string cpu_model();
unsigned core_count();
// "Linux 6.1.0".
std::string kernel_version();
// Of the last minute: how many threads ran or wanted to. Well below core_count() on a machine that is good to
// measure on.
double load_average();

}  // namespace slate::bench
