// The verbs of the `slate` program.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace slate::cli {

struct Verb {
  std::string_view name;
  std::string_view summary;
  Exit (*run)(std::span<const std::string> arguments, Terminal& terminal);  // what follows the verb
};

// In the order of `slate help`.
std::span<const Verb> verbs();

// Runs what the arguments (without the program's name) ask for.
Exit run(std::span<const std::string> arguments, Terminal& terminal);

Exit run_serve(std::span<const std::string> arguments, Terminal& terminal);
Exit run_api(std::span<const std::string> arguments, Terminal& terminal);
Exit run_db(std::span<const std::string> arguments, Terminal& terminal);
Exit run_apply(std::span<const std::string> arguments, Terminal& terminal);
Exit run_get(std::span<const std::string> arguments, Terminal& terminal);
Exit run_query(std::span<const std::string> arguments, Terminal& terminal);
Exit run_explain(std::span<const std::string> arguments, Terminal& terminal);
Exit run_export(std::span<const std::string> arguments, Terminal& terminal);
Exit run_import(std::span<const std::string> arguments, Terminal& terminal);
Exit run_check(std::span<const std::string> arguments, Terminal& terminal);
Exit run_bench(std::span<const std::string> arguments, Terminal& terminal);
Exit run_completion(std::span<const std::string> arguments, Terminal& terminal);
Exit run_version(std::span<const std::string> arguments, Terminal& terminal);
Exit run_help(std::span<const std::string> arguments, Terminal& terminal);

}  // namespace slate::cli
