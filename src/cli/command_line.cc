#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <set>
#include <system_error>

#include "cli/verbs.h"
#include "model/name.h"

namespace slate::cli {
namespace {

constexpr std::size_t kHelpColumn = 30;

std::string long_flag(const std::string& flags) {
  const auto at = flags.find("--");
  return flags.substr(at + 2, flags.find(',', at) - at - 2);
}

std::string variable_of(const OptionText& text) {
  if (!text.variable.empty()) return text.variable;
  std::string name = "SLATE_";
  for (const char c : long_flag(text.flags))
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::pair<unsigned, std::string_view> kUnits[] = {
      {40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : kUnits)
    if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0)
      return fmt::format("{}{}", bytes >> shift, unit);
  return fmt::format("{}", bytes);
}

// Digits and nothing else: CLI11 takes a sign, too, and zeros in front for octal.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "2048", "2KiB", "2 kb" and "2k" are the same.
std::optional<std::uint64_t> byte_count(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = whole_number(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string unit(text.substr(std::min(text.find_first_not_of(' ', digits), text.size())));
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (unit.empty() || unit == "b") return number;
  static constexpr std::string_view kPrefixes = "kmgtpe";
  static constexpr std::array<std::string_view, 4> kEnds{"", "b", "i", "ib"};
  const auto prefix = kPrefixes.find(unit.front());
  if (prefix == std::string_view::npos ||
      std::ranges::find(kEnds, std::string_view(unit).substr(1)) == kEnds.end())
    return std::nullopt;
  const auto shift = 10 * (prefix + 1);
  if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

// Makes plain digits of a text that `read` takes and that is in range.
CLI::Validator number_in(std::uint64_t least, std::uint64_t most,
                         std::optional<std::uint64_t> (*read)(std::string_view), std::string range) {
  return {[=, range = std::move(range)](std::string& text) {
            const auto number = read(text);
            if (!number || *number < least || *number > most)
              return fmt::format("expected {}, got {}", range, slate::quoted(text));
            text = std::to_string(*number);
            return std::string();
          },
          ""};
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

}  // namespace

struct CommandLine::Impl {
  std::string verb;
  std::string command;
  CLI::App app;
  std::string config_file;
  CommandShape shape;

  Impl(std::string the_verb, std::string summary, std::string the_command)
      : verb(std::move(the_verb)),
        command(the_command.empty() ? "slate " + verb : std::move(the_command)),
        app(summary, command),
        shape{.verb = verb, .summary = std::move(summary)} {
    app.get_formatter()->column_width(kHelpColumn);
    app.set_help_flag("-h,--help", "Print this and end");
  }

  // What every option has: its variable, and a help text that says where its value comes from.
  CLI::Option* describe(CLI::Option* made, const OptionText& text, std::string_view default_text) {
    const std::string variable = variable_of(text);
    const std::string shown_default =
        text.default_text.empty() ? std::string(default_text) : text.default_text;
    std::string origin = shown_default.empty() ? "" : "default " + shown_default + ", ";
    origin += "variable " + variable;
    made->description(fmt::format("{}\n[{}]", text.help, origin));
    // The formatter leaves out the blank for an empty text, and would print the type for none.
    made->option_text(text.value.empty() ? " " : text.value);
    made->envname(variable);
    OptionShape option{.value = text.value, .help = text.help.substr(0, text.help.find('\n'))};
    option.variable = variable;
    for (const std::string& name : made->get_snames()) option.flags.push_back("-" + name);
    for (const std::string& name : made->get_lnames()) option.flags.push_back("--" + name);
    shape.options.push_back(std::move(option));
    return made;
  }

  // Fills what neither the command line nor the environment gave. All of these throw CLI::ParseError.
  void apply_config_file();
  void check_section(const CLI::ConfigItem& item) const;
  // `given` takes the names of those that were applied.
  void apply_config_item(const CLI::ConfigItem& item, std::set<std::string>& given);

  [[noreturn]] void refuse_config(std::string_view problem) const {
    throw CLI::ConfigError(fmt::format("{}: {}", config_file, problem), CLI::ExitCodes::ConfigError);
  }
};

void CommandLine::Impl::check_section(const CLI::ConfigItem& item) const {
  if (item.parents.empty() || item.parents == std::vector<std::string>{verb}) return;
  const std::string& section = item.parents.front();
  std::vector<std::string_view> names{verb};
  for (const Verb& each : verbs()) names.push_back(each.name);
  if (section == verb) refuse_config(fmt::format("section [{}] has no sections", verb));
  if (std::ranges::find(names, section) != names.end()) return;
  const std::string hint = near_miss_hint(section, names);
  refuse_config(fmt::format("section [{0}]: there is no verb {1}{2}", slate::shown(section),
                            slate::quoted(section), hint.empty() ? "" : "; " + hint));
}

void CommandLine::Impl::apply_config_item(const CLI::ConfigItem& item, std::set<std::string>& given) {
  CLI::Option* known =
      item.name == "config" || item.name == "help" ? nullptr : app.get_option_no_throw("--" + item.name);
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const CLI::Option* each : app.get_options())
      if (!each->get_lnames().empty()) names.push_back(each->get_lnames().front());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string hint = near_miss_hint(item.name, views);
    refuse_config(fmt::format("{} has no option {}{}", command, slate::quoted(item.name),
                              hint.empty() ? "" : " (" + hint + ")"));
  }
  if (!given.insert(item.name).second) refuse_config(fmt::format("{} is there twice", item.name));
  if (known->count() > 0) return;
  if (item.inputs.size() > 1 && known->get_expected_max() == 1)
    refuse_config(fmt::format("{} takes one value", item.name));
  known->add_result(item.inputs);
  try {
    known->run_callback();
  } catch (const CLI::ParseError& error) {
    refuse_config(error.what());
  }
}

void CommandLine::Impl::apply_config_file() {
  if (config_file.empty()) return;
  std::ifstream file(config_file);
  if (std::error_code error; !file || std::filesystem::is_directory(config_file, error))
    throw CLI::FileError::Missing(config_file);
  std::vector<CLI::ConfigItem> items = CLI::ConfigTOML().from_config(file);
  // A section begins or ends.
  std::erase_if(items, [](const CLI::ConfigItem& item) { return item.name == "++" || item.name == "--"; });
  for (const CLI::ConfigItem& item : items) check_section(item);
  // What is for this verb only counts first.
  for (const auto& parents : {std::vector<std::string>{verb}, std::vector<std::string>{}}) {
    std::set<std::string> given;
    for (const CLI::ConfigItem& item : items)
      if (item.parents == parents) apply_config_item(item, given);
  }
}

CommandLine::CommandLine(std::string verb, std::string summary, std::string command)
    : impl_(std::make_unique<Impl>(std::move(verb), std::move(summary), std::move(command))) {}
CommandLine::~CommandLine() = default;

void CommandLine::option(OptionText text, std::string& target) {
  const std::string shown_default = target;
  impl_->describe(impl_->app.add_option(text.flags, target), text, shown_default);
}

void CommandLine::option(OptionText text, std::uint64_t& target, std::uint64_t least, std::uint64_t most) {
  const std::string shown_default = std::to_string(target);
  impl_->describe(impl_->app.add_option(text.flags, target), text, shown_default)
      ->transform(
          number_in(least, most, whole_number, fmt::format("a whole number from {} to {}", least, most)));
  impl_->shape.options.back().range = {least, most};
}

void CommandLine::option(OptionText text, Switch& target) {
  CLI::Option* made = impl_->app.add_flag_function(
      text.flags, [&target](std::int64_t count) { target = count > 0 ? Switch::kOn : Switch::kOff; });
  // Variables and files say a word.
  impl_->describe(made, text, target == Switch::kOn ? "on" : "off")->check([](const std::string& word) {
    static constexpr std::string_view kWords[] = {"true", "false", "on", "off", "yes", "no", "1", "0"};
    return std::ranges::find(kWords, word) != std::ranges::end(kWords)
               ? std::string()
               : fmt::format("expected true or false, got {}", slate::quoted(word));
  });
}

void CommandLine::bytes(OptionText text, std::uint64_t& target, std::uint64_t least, std::uint64_t most) {
  const std::string shown_default = bytes_text(target);
  impl_->describe(impl_->app.add_option(text.flags, target), text, shown_default)
      ->transform(
          number_in(least, most, byte_count, fmt::format("{} to {}", bytes_text(least), bytes_text(most))));
}

void CommandLine::list(OptionText text, std::vector<std::string>& target) {
  const std::string shown_default = joined(target, ",");
  impl_->describe(impl_->app.add_option(text.flags, target), text, shown_default)
      ->delimiter(',')
      ->expected(1, -1)
      ->allow_extra_args(false);
}

void CommandLine::repeated(OptionText text, std::vector<std::string>& target) {
  impl_->describe(impl_->app.add_option(text.flags, target), text, "none")
      ->expected(1, -1)
      ->allow_extra_args(false);
}

void CommandLine::choice(OptionText text, std::string& target, std::vector<std::string> words) {
  choice(std::move(text), std::move(words), target, [&target](const std::string& word) { target = word; });
}

void CommandLine::choice(OptionText text, std::vector<std::string> words, std::string default_word,
                         const Choose& choose) {
  text.value = joined(words, "|");
  CLI::Option* made = impl_->app.add_option_function<std::string>(text.flags, choose);
  CLI::Option* described = impl_->describe(made, text, default_word);
  impl_->shape.options.back().words = words;
  described->check([words = std::move(words)](const std::string& word) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    for (const std::string_view each : views)
      if (each == word) return std::string();
    const std::string hint = near_miss_hint(word, views);
    return fmt::format("expected {}, got {}{}", joined(words, ", "), slate::quoted(word),
                       hint.empty() ? "" : "; " + hint);
  });
}

void CommandLine::argument(std::string name, std::string help, std::string& target,
                           std::vector<std::string> words) {
  impl_->shape.arguments.push_back({.name = name, .words = std::move(words)});
  impl_->app.add_option(std::move(name), target, std::move(help))->option_text(" ");
}

void CommandLine::arguments(std::string name, std::string help, std::vector<std::string>& target,
                            std::vector<std::string> words) {
  impl_->shape.arguments.push_back({.name = name, .words = std::move(words)});
  impl_->app.add_option(std::move(name), target, std::move(help))->option_text("...")->expected(0, -1);
}

void CommandLine::footer(std::string text) { impl_->app.footer(std::move(text)); }

std::optional<Exit> CommandLine::parse(std::span<const std::string> arguments, Terminal& terminal) {
  option({.flags = "--config",
          .value = "FILE",
          .help = "TOML or INI file with further options, by their long names\n"
                  "Those in a section [" +
                  impl_->verb + "] count for this verb only. Flags and variables win"},
         impl_->config_file);
  if (terminal.describe != nullptr) {
    *terminal.describe = impl_->shape;
    return Exit::kOk;
  }
  try {
    // CLI11 takes a vector from its end.
    impl_->app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    impl_->apply_config_file();
  } catch (const CLI::CallForHelp&) {
    terminal.out << impl_->app.help();
    return Exit::kOk;
  } catch (const CLI::Error& error) {
    return usage_error(error.what(), terminal);
  }
  return std::nullopt;
}

Exit CommandLine::usage_error(std::string_view message, Terminal& terminal) const {
  terminal.err << fmt::format("{0}: {1}\n{0} --help lists the options\n", impl_->command, message);
  return Exit::kUsage;
}

}  // namespace slate::cli
