#include <vector>

#include "cli/command_line.h"
#include "cli/shell_completion.h"
#include "cli/verbs.h"
#include "model/name.h"

namespace slate::cli {
namespace {

// What each verb says that it takes.
std::vector<CommandShape> shapes_of_verbs(const Terminal& terminal) {
  std::vector<CommandShape> shapes;
  for (const Verb& verb : verbs()) {
    CommandShape shape;
    Terminal asking{.in = terminal.in, .out = terminal.out, .err = terminal.err, .describe = &shape};
    static_cast<void>(verb.run({}, asking));
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace

Exit run_completion(std::span<const std::string> arguments, Terminal& terminal) {
  std::string shell;
  CommandLine command_line("completion",
                           "Prints a script that makes a shell complete slate's verbs and options");
  command_line.argument("SHELL", "bash, zsh or fish", shell, {"bash", "zsh", "fish"});
  command_line.footer(
      "bash: source <(slate completion bash), in ~/.bashrc to have it always\n"
      "zsh:  slate completion zsh > a file _slate in a folder of $fpath\n"
      "fish: slate completion fish > ~/.config/fish/completions/slate.fish");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  if (shell == "bash")
    terminal.out << bash_completion(shapes_of_verbs(terminal));
  else if (shell == "zsh")
    terminal.out << zsh_completion(shapes_of_verbs(terminal));
  else if (shell == "fish")
    terminal.out << fish_completion(shapes_of_verbs(terminal));
  else
    return command_line.usage_error(shell.empty() ? "name the shell: bash, zsh or fish"
                                                  : "expected bash, zsh or fish, got " + slate::quoted(shell),
                                    terminal);
  return Exit::kOk;
}

}  // namespace slate::cli
