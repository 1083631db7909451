#include "bench/machine.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace slate::bench {

std::string cpu_model() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

unsigned core_count() { return std::max(1U, std::thread::hardware_concurrency()); }

std::string kernel_version() {
  utsname names{};
  if (::uname(&names) != 0) return "unknown kernel";
  return std::string(names.sysname) + " " + names.release;
}

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace slate::bench
