#pragma once

#include <istream>
#include <ostream>

namespace slate::cli {

// Where a verb reads and writes: answers go to `out`, everything about them to `err`.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// What the process ends with.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,  // the work could not be done; `err` says why
  kUsage = 2,   // the command line, an environment variable or the configuration file is wrong
};

}  // namespace slate::cli
