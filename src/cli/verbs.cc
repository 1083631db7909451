#include "cli/verbs.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "cli/build_info.h"
#include "cli/command_line.h"
#include "model/name.h"

namespace slate::cli {
namespace {

constexpr std::array kVerbs{
    Verb{"serve", "Serve lists and datasources over HTTP from a data folder", run_serve},
    Verb{"api", "Serve lists and datasources over HTTP from a database elsewhere", run_api},
    Verb{"db", "Serve a data folder over TCP, to other processes of Slate", run_db},
    Verb{"apply", "Save the datasources and lists of manifests on a server", run_apply},
    Verb{"get", "Show datasources and lists of a server", run_get},
    Verb{"query", "Ask a server for the rows of a list or a datasource", run_query},
    Verb{"explain", "Show how a server would answer a query", run_explain},
    Verb{"export", "Write all rows of a list or a datasource to a file", run_export},
    Verb{"import", "Write the records of a file into a datasource", run_import},
    Verb{"check", "Check a data folder that no process has open, from end to end", run_check},
    Verb{"bench", "Measure this machine with workload W, without a server", run_bench},
    Verb{"completion", "Print what makes a shell complete slate's verbs and options", run_completion},
    Verb{"version", "Print the version", run_version},
    Verb{"help", "Print this, or the options of a verb", run_help},
};

const Verb* find_verb(std::string_view name) {
  const auto found = std::ranges::find(kVerbs, name, &Verb::name);
  return found == kVerbs.end() ? nullptr : &*found;
}

void print_overview(std::ostream& out) {
  out << "Slate serves lists: rows that a grid filters, sorts and pages over HTTP.\n\n"
         "Usage: slate VERB [OPTIONS]\n\nVerbs:\n";
  for (const Verb& verb : kVerbs) out << fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  out << "\nslate VERB --help lists the options of a verb. Each can come from the command line, else from "
         "an\n"
         "environment variable, else from a file (--config FILE), else it has its default.\n"
         "Exit status: 0 done, 1 failed, 2 wrong usage.\n";
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
  return names;
}

Exit unknown_verb(std::string_view name, Terminal& terminal) {
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const std::string hint = near_miss_hint(name, names);
  terminal.err << fmt::format("slate: there is no verb {}{}\nslate help lists them\n", slate::quoted(name),
                              hint.empty() ? "" : "; " + hint);
  return Exit::kUsage;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

Exit run(std::span<const std::string> arguments, Terminal& terminal) {
  if (arguments.empty()) {
    print_overview(terminal.err);
    return Exit::kUsage;
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h") return run_help({}, terminal);
  if (first == "--version") return run_version({}, terminal);
  const Verb* verb = find_verb(first);
  return verb != nullptr ? verb->run(arguments.subspan(1), terminal) : unknown_verb(first, terminal);
}

Exit run_version(std::span<const std::string> arguments, Terminal& terminal) {
  CommandLine command_line("version", "Prints the version, and how this program was built");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  terminal.out << fmt::format("slate {} ({}, {})\n", kVersion, compiler_name(), kBuildType);
  return Exit::kOk;
}

Exit run_help(std::span<const std::string> arguments, Terminal& terminal) {
  if (terminal.describe != nullptr) {
    *terminal.describe = {.verb = "help", .summary = "Prints the verbs, or the options of one"};
    terminal.describe->arguments.push_back({.name = "VERB", .words = verb_names()});
    return Exit::kOk;
  }
  if (arguments.empty() || arguments.front().starts_with('-')) {
    print_overview(terminal.out);
    return Exit::kOk;
  }
  const Verb* verb = find_verb(arguments.front());
  if (verb == nullptr) return unknown_verb(arguments.front(), terminal);
  if (verb->run == run_help) {
    print_overview(terminal.out);
    return Exit::kOk;
  }
  static const std::array<std::string, 1> help{"--help"};
  return verb->run(help, terminal);
}

}  // namespace slate::cli
