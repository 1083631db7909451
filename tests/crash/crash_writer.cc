// Does operations without end until it is killed: crash_writer FOLDER SEED FIRST
//
// Says on standard output, a line each: S when it starts, O when the database is open, B n before operation
// n, p in the middle of one, A n once it was acknowledged. Exits only when something fails.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include "crash/operations.h"

namespace {

void say(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::_Exit(3);
}

int failed(const std::string& what, const slate::Error& error) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), error.to_string().c_str());
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::uint64_t seed = std::strtoull(arguments[2], nullptr, 10);
  say("S");
  auto database = slate::Database::open(slate::crash::options(arguments[1]));
  if (!database) return failed("opening", database.error());
  say("O");
  for (std::uint64_t number = std::strtoull(arguments[3], nullptr, 10);; ++number) {
    const auto operation = slate::crash::operation(seed, number);
    say("B " + std::to_string(number));
    const auto done = slate::crash::perform(**database, operation, [] { say("p"); });
    if (!done) return failed("operation " + std::to_string(number), done.error());
    say("A " + std::to_string(number));
  }
}
