// Scripts that make shells complete a program's verbs and options. Made from the declarations of the verbs,
// so that they know what the help knows.
#pragma once

#include <span>
#include <string>

#include "cli/command_shape.h"

namespace slate::cli {

// For `source <(slate completion bash)`, or a file of bash-completion's folder. Needs bash 4.
std::string bash_completion(std::span<const CommandShape> verbs);
// For a file _slate of zsh's $fpath.
std::string zsh_completion(std::span<const CommandShape> verbs);
// For ~/.config/fish/completions/slate.fish.
std::string fish_completion(std::span<const CommandShape> verbs);

}  // namespace slate::cli
