#include "cli/shell_completion.h"

#include <cstdint>
#include <fmt/format.h>
#include <string_view>

namespace slate::cli {
namespace {

// What may stand where a value is expected.
enum class Values : std::uint8_t { kNone, kAny, kWords, kFiles, kFolders };

Values values_named(std::string_view name) {
  if (name.find("FILE") != std::string_view::npos) return Values::kFiles;
  return name == "DIR" || name == "DATA" ? Values::kFolders : Values::kAny;
}

Values values_of(const OptionShape& option) {
  if (option.value.empty()) return Values::kNone;
  return option.words.empty() ? values_named(option.value) : Values::kWords;
}

Values values_of(const ArgumentShape& argument) {
  return argument.words.empty() ? values_named(argument.name) : Values::kWords;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// `text` with a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Between single quotes, for zsh and bash.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_action(Values values, const std::vector<std::string>& words) {
  switch (values) {
    case Values::kWords: return fmt::format("_slate_offer -W {}", single_quoted(joined(words, " ")));
    case Values::kFiles: return "_slate_offer -f";
    case Values::kFolders: return "_slate_offer -d";
    case Values::kNone:
    case Values::kAny: break;
  }
  return ":";
}

std::string bash_verb(const CommandShape& verb) {
  std::string out = fmt::format("    {})\n      case $previous in\n", verb.verb);
  std::vector<std::string> flags;
  for (const OptionShape& option : verb.options) {
    flags.insert(flags.end(), option.flags.begin(), option.flags.end());
    if (const Values values = values_of(option); values != Values::kNone)
      out +=
          fmt::format("        {}) {} ;;\n", joined(option.flags, " | "), bash_action(values, option.words));
  }
  flags.emplace_back("--help");
  std::string argument = ":";
  if (!verb.arguments.empty())
    argument = bash_action(values_of(verb.arguments.back()), verb.arguments.back().words);
  // Flags are offered when one was begun, or when nothing else can stand there.
  out += "        *)\n";
  if (argument != ":") out += fmt::format("          [[ $current == -* ]] || {}\n", argument);
  out += fmt::format(
      "          [[ ${{#COMPREPLY[@]}} != 0 ]] || _slate_offer -W {}\n          ;;\n      esac\n      ;;\n",
      single_quoted(joined(flags, " ")));
  return out;
}

std::string zsh_action(Values values, const std::vector<std::string>& words) {
  switch (values) {
    case Values::kWords: return "(" + joined(words, " ") + ")";
    case Values::kFiles: return "_files";
    case Values::kFolders: return "_files -/";
    case Values::kNone:
    case Values::kAny: break;
  }
  return " ";
}

std::string fish_action(Values values, const std::vector<std::string>& words) {
  switch (values) {
    case Values::kWords: return fmt::format(" -x -a '{}'", joined(words, " "));
    case Values::kFiles: return " -r -F";
    case Values::kFolders: return " -x -a '(__fish_complete_directories)'";
    case Values::kAny: return " -x";
    case Values::kNone: break;
  }
  return "";
}

std::string fish_quoted(std::string_view text) { return "'" + escaped(text, "'\\") + "'"; }

}  // namespace

std::string bash_completion(std::span<const CommandShape> verbs) {
  std::vector<std::string> names;
  for (const CommandShape& verb : verbs) names.push_back(verb.verb);
  names.insert(names.end(), {"--help", "--version"});
  std::string out =
      "# Completion of slate for bash.\n"
      "_slate_offer() {\n"
      "  local line\n"
      "  while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen \"$@\" -- \"$current\")\n"
      "  if [[ $1 != -W ]]; then compopt -o filenames 2>/dev/null || true; fi\n"
      "}\n\n"
      "_slate() {\n"
      "  COMPREPLY=()\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  # --flag=value comes as three words.\n"
      "  if [[ $current == = ]]; then\n"
      "    current=\n"
      "  elif [[ $previous == = && $COMP_CWORD -gt 2 ]]; then\n"
      "    previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  fi\n";
  out += fmt::format(
      "  if ((COMP_CWORD == 1)); then\n    _slate_offer -W {}\n    return\n  fi\n  case ${{COMP_WORDS[1]}} "
      "in\n",
      single_quoted(joined(names, " ")));
  for (const CommandShape& verb : verbs) out += bash_verb(verb);
  return out + "  esac\n}\ncomplete -F _slate slate\n";
}

std::string zsh_completion(std::span<const CommandShape> verbs) {
  std::string out =
      "#compdef slate\n# Completion of slate for zsh.\n_slate() {\n  local -a verbs\n  verbs=(\n";
  for (const CommandShape& verb : verbs)
    out += fmt::format("    {}\n", single_quoted(verb.verb + ":" + escaped(verb.summary, ":\\")));
  out +=
      "  )\n  if ((CURRENT == 2)); then\n    _describe verb verbs\n    return\n  fi\n"
      "  local verb=$words[2]\n  shift words\n  ((CURRENT--))\n  case $verb in\n";
  for (const CommandShape& verb : verbs) {
    out += fmt::format("    {})\n      _arguments -S", verb.verb);
    for (const OptionShape& option : verb.options) {
      const Values values = values_of(option);
      for (const std::string& flag : option.flags) {
        std::string spec = flag;
        // A long flag takes its value behind "=" or as the next word.
        if (values != Values::kNone && flag.starts_with("--")) spec += "=";
        spec += "[" + escaped(option.help, "[]\\:") + "]";
        if (values != Values::kNone)
          spec += ":" + escaped(option.value, ":\\") + ":" + zsh_action(values, option.words);
        out += " \\\n        " + single_quoted(spec);
      }
    }
    out += " \\\n        '--help[Print the options]'";
    // _arguments takes one specification of "all that follow".
    for (std::size_t i = 0; i < verb.arguments.size(); ++i) {
      const ArgumentShape& argument = verb.arguments[i];
      const std::string place = i + 1 < verb.arguments.size() ? std::to_string(i + 1) : "*";
      out += " \\\n        " + single_quoted(place + ":" + escaped(argument.name, ":\\") + ":" +
                                             zsh_action(values_of(argument), argument.words));
    }
    out += "\n      ;;\n";
  }
  return out + "  esac\n}\n_slate \"$@\"\n";
}

std::string fish_completion(std::span<const CommandShape> verbs) {
  std::string out = "# Completion of slate for fish.\ncomplete -c slate -f\n";
  for (const CommandShape& verb : verbs)
    out += fmt::format("complete -c slate -n __fish_use_subcommand -a {} -d {}\n", verb.verb,
                       fish_quoted(verb.summary));
  for (const CommandShape& verb : verbs) {
    const std::string begin = fmt::format("complete -c slate -n '__fish_seen_subcommand_from {}'", verb.verb);
    for (const OptionShape& option : verb.options) {
      out += begin;
      for (const std::string& flag : option.flags)
        out += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
      out += fish_action(values_of(option), option.words) + " -d " + fish_quoted(option.help) + "\n";
    }
    for (const ArgumentShape& argument : verb.arguments)
      if (const Values values = values_of(argument); values != Values::kAny)
        out += begin + fish_action(values, argument.words) + "\n";
  }
  return out;
}

}  // namespace slate::cli
