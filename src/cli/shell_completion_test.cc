#include "cli/shell_completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

using ::testing::HasSubstr;

std::vector<CommandShape> example() {
  return {{.verb = "draw",
           .summary = "Draw it: the user's way",
           .options = {{.flags = {"-c", "--color"},
                        .value = "red|blue",
                        .words = {"red", "blue"},
                        .help = "Of [all] lines"},
                       {.flags = {"--to"}, .value = "FILE", .help = "Where"},
                       {.flags = {"--fast"}, .help = "Don't wait"}},
           .arguments = {{.name = "DIR"}}}};
}

TEST(ShellCompletion, bash_offers_the_words_of_a_value_and_files) {
  const std::string script = bash_completion(example());
  EXPECT_THAT(script, HasSubstr("-W 'draw --help --version'"));
  EXPECT_THAT(script, HasSubstr("-c | --color) _slate_offer -W 'red blue' ;;"));
  EXPECT_THAT(script, HasSubstr("--to) _slate_offer -f ;;"));
  EXPECT_THAT(script, HasSubstr("_slate_offer -W '-c --color --to --fast --help'"));
}

TEST(ShellCompletion, zsh_escapes_what_its_specifications_take_for_signs) {
  const std::string script = zsh_completion(example());
  EXPECT_THAT(script, HasSubstr(R"('draw:Draw it\: the user'\''s way')"));
  EXPECT_THAT(script, HasSubstr(R"('--color=[Of \[all\] lines]:red|blue:(red blue)')"));
  EXPECT_THAT(script, HasSubstr(R"('-c[Of \[all\] lines]:red|blue:(red blue)')"));
  EXPECT_THAT(script, HasSubstr(R"('--fast[Don'\''t wait]')"));
  EXPECT_THAT(script, HasSubstr("'*:DIR:_files -/'"));
}

TEST(ShellCompletion, zsh_is_told_once_what_all_further_arguments_are) {
  std::vector<CommandShape> verbs = example();
  verbs[0].arguments = {{.name = "DATASOURCE"}, {.name = "FILE"}};
  const std::string script = zsh_completion(verbs);
  EXPECT_THAT(script, HasSubstr("'1:DATASOURCE: ' \\\n        '*:FILE:_files'"));
}

TEST(ShellCompletion, fish_has_a_line_an_option) {
  const std::string script = fish_completion(example());
  EXPECT_THAT(script, HasSubstr(R"(-a draw -d 'Draw it: the user\'s way')"));
  EXPECT_THAT(script, HasSubstr("from draw' -s c -l color -x -a 'red blue' -d 'Of [all] lines'\n"));
  EXPECT_THAT(script, HasSubstr("from draw' -l to -r -F -d 'Where'\n"));
  EXPECT_THAT(script, HasSubstr(R"(from draw' -l fast -d 'Don\'t wait')"));
}

}  // namespace
}  // namespace slate::cli
