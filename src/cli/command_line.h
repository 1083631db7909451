// The options of one verb: from the command line, else the environment, else a configuration file, else their
// defaults.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_shape.h"
#include "cli/terminal.h"

namespace slate::cli {

struct OptionText {
  std::string flags;  // "--data", "-f,--file"
  std::string value;  // what stands for the value in the help: "DIR"; empty for a switch
  std::string help;   // one sentence; the default and the variable are added
  // Of the environment. Empty: SLATE_ and the long flag, so that --io-threads is SLATE_IO_THREADS.
  std::string variable = {};
  // What the help calls the default. Empty: the target's value.
  std::string default_text = {};
};

enum class Switch : std::uint8_t { kOff, kOn };

// Targets hold the defaults; parse() overwrites what is given. They must outlive the object.
class CommandLine {
 public:
  // `verb` names the section of the configuration file, too. `command`: what people type; empty: slate and
  // the verb.
  CommandLine(std::string verb, std::string summary, std::string command = {});
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  void option(OptionText text, std::string& target);
  void option(OptionText text, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
  void option(OptionText text, Switch& target);
  // A number of bytes with an optional unit: 512MiB, 64GiB (units count in 1,024s).
  void bytes(OptionText text, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
  // Several, separated by commas.
  void list(OptionText text, std::vector<std::string>& target);
  // One each time that the flag is given; the environment has one.
  void repeated(OptionText text, std::vector<std::string>& target);
  // One of `words`.
  void choice(OptionText text, std::string& target, std::vector<std::string> words);
  template <typename T>
  void choice(OptionText text, T& target, std::initializer_list<std::pair<std::string_view, T>> words);
  // Arguments without a flag, in order; the last one may take all that are left.
  // `words`: all that the first of them may be; not checked here, but what a shell completes.
  void argument(std::string name, std::string help, std::string& target, std::vector<std::string> words = {});
  void arguments(std::string name, std::string help, std::vector<std::string>& target,
                 std::vector<std::string> words = {});
  // Shown below the options.
  void footer(std::string text);

  // Absent: go on with the verb. Otherwise it is over: help was printed, or the terminal asked for a
  // description (kOk), or there is a mistake (kUsage).
  std::optional<Exit> parse(std::span<const std::string> arguments, Terminal& terminal);
  // For mistakes that only the verb can see.
  Exit usage_error(std::string_view message, Terminal& terminal) const;

 private:
  using Choose = std::function<void(const std::string&)>;
  void choice(OptionText text, std::vector<std::string> words, std::string default_word,
              const Choose& choose);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <typename T>
void CommandLine::choice(OptionText text, T& target,
                         std::initializer_list<std::pair<std::string_view, T>> words) {
  std::vector<std::pair<std::string, T>> meanings;
  std::vector<std::string> names;
  std::string default_word;
  for (const auto& [word, meaning] : words) {
    meanings.emplace_back(word, meaning);
    names.emplace_back(word);
    if (meaning == target) default_word = word;
  }
  choice(std::move(text), std::move(names), std::move(default_word),
         [&target, meanings = std::move(meanings)](const std::string& chosen) {
           for (const auto& [word, meaning] : meanings)
             if (word == chosen) target = meaning;
         });
}

}  // namespace slate::cli
