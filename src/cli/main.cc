#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/verbs.h"

int main(int count, char** values) {
  std::ios::sync_with_stdio(false);
  slate::cli::Terminal terminal{.in = std::cin, .out = std::cout, .err = std::cerr};
  if (::isatty(STDERR_FILENO) == 1) terminal.screen = slate::cli::Screen::kYes;
  try {
    const std::vector<std::string> arguments(values + (count > 0 ? 1 : 0), values + count);
    const auto exit = slate::cli::run(arguments, terminal);
    std::cout.flush();
    if (std::cout.fail() && exit == slate::cli::Exit::kOk) {
      std::cerr << "slate: the output could not be written\n";
      return static_cast<int>(slate::cli::Exit::kFailed);
    }
    return static_cast<int>(exit);
  } catch (const std::exception& error) {
    // Memory and the like; what can be expected to fail gives a Result.
    std::cerr << "slate: internal: " << error.what() << "\n";
    return static_cast<int>(slate::cli::Exit::kFailed);
  }
}
