// What a verb takes, as data: for shell completion, and for tests of every option.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slate::cli {

struct OptionShape {
  std::vector<std::string> flags;                                // "-f", "--file"; the long one is last
  std::string value;                                             // "DIR", "sync|os"; empty: a switch
  std::vector<std::string> words;                                // all that the value may be; empty: anything
  std::optional<std::pair<std::uint64_t, std::uint64_t>> range;  // of a number
  std::string help;                                              // its first line
  std::string variable;                                          // of the environment
};

struct ArgumentShape {
  std::string name;                // "DATA", "LIST [CONDITION...]"
  std::vector<std::string> words;  // all that the first one may be; empty: anything
};

struct CommandShape {
  std::string verb;
  std::string summary;
  std::vector<OptionShape> options;
  std::vector<ArgumentShape> arguments;
};

}  // namespace slate::cli
