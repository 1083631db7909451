#pragma once

#include <cstdint>
#include <istream>
#include <ostream>

namespace slate::cli {

struct CommandShape;

// Whether `err` is looked at by a person on a screen, where a line can be drawn over.
enum class Screen : std::uint8_t { kNo, kYes };

// Where a verb reads and writes: answers go to `out`, everything about them to `err`.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Screen screen = Screen::kNo;
  // Set: CommandLine::parse() says here what the verb takes, and the verb is over.
  CommandShape* describe = nullptr;
};

// What the process ends with.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,  // the work could not be done; `err` says why
  kUsage = 2,   // the command line, an environment variable or the configuration file is wrong
};

}  // namespace slate::cli
