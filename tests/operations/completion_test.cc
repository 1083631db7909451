// `slate completion` in real shells.

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "testing/child_process.h"

namespace slate {
namespace {

using slate::testing::Finished;
using slate::testing::run_program;
using slate::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

class CompletionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.path() / "manifests");
    std::ofstream(folder_.path() / "rows.csv") << "x";
  }

  // What bash offers for the last of these words, in the folder of the test.
  std::vector<std::string> offered(const std::vector<std::string>& words) const {
    std::string line =
        "cd " + folder_.path().string() + " && source <(" SLATE_PROGRAM " completion bash) && COMP_WORDS=(";
    for (const std::string& word : words) line += " '" + word + "'";
    line += ") && COMP_CWORD=" + std::to_string(words.size() - 1) +
            " && _slate && printf '%s\\n' \"${COMPREPLY[@]}\"";
    const Finished done = run_program({"/bin/bash", "--norc", "-c", line});
    EXPECT_EQ(done.exit, 0) << done.err;
    EXPECT_EQ(done.err, "");
    std::vector<std::string> offers;
    std::istringstream lines(done.out);
    for (std::string each; std::getline(lines, each);)
      if (!each.empty()) offers.push_back(each);
    return offers;
  }
  static bool is_there(const std::string& shell) {
    return run_program({"/bin/sh", "-c", "command -v " + shell}).exit == 0;
  }

  TemporaryFolder folder_;
};

TEST_F(CompletionTest, bash_completes_verbs) {
  EXPECT_THAT(offered({"slate", "ex"}), ElementsAre("explain", "export"));
  EXPECT_THAT(offered({"slate", ""}), IsSupersetOf({"serve", "query", "check", "completion", "--help"}));
}

TEST_F(CompletionTest, bash_completes_the_flags_of_the_verb) {
  EXPECT_THAT(offered({"slate", "serve", "--du"}), ElementsAre("--durability"));
  EXPECT_THAT(offered({"slate", "serve", "--"}), AllOf(Contains("--manifests"), Not(Contains("--server"))));
  EXPECT_THAT(offered({"slate", "export", "-"}), IsSupersetOf({"-o", "--output", "--format", "--config"}));
}

TEST_F(CompletionTest, bash_completes_words_files_and_folders_of_a_flag) {
  EXPECT_THAT(offered({"slate", "serve", "--durability", ""}), ElementsAre("sync", "os"));
  EXPECT_THAT(offered({"slate", "serve", "--durability", "=", "s"}), ElementsAre("sync"));
  EXPECT_THAT(offered({"slate", "serve", "--durability", "="}), ElementsAre("sync", "os"));
  EXPECT_THAT(offered({"slate", "serve", "--manifests", ""}), ElementsAre("manifests"));
  EXPECT_THAT(offered({"slate", "apply", "-f", "r"}), ElementsAre("rows.csv"));
  EXPECT_THAT(offered({"slate", "serve", "--io-threads", ""}), IsEmpty());
}

TEST_F(CompletionTest, bash_completes_arguments) {
  EXPECT_THAT(offered({"slate", "get", "data"}), ElementsAre("datasources", "datasource"));
  EXPECT_THAT(offered({"slate", "help", "quer"}), ElementsAre("query"));
  EXPECT_THAT(offered({"slate", "completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered({"slate", "check", ""}), ElementsAre("manifests"));
  EXPECT_THAT(offered({"slate", "import", "people", "ro"}), ElementsAre("rows.csv"));
}

TEST_F(CompletionTest, zsh_completes_verbs_flags_words_and_arguments) {
  if (!is_there("zsh")) GTEST_SKIP() << "zsh is not installed: it was not asked";
  std::ofstream(folder_.path() / "_slate") << run_program({SLATE_PROGRAM, "completion", "zsh"}).out;
  // A shell at a terminal, in which somebody types and asks for the rest.
  std::ofstream(folder_.path() / "ask.zsh") << R"(zmodload zsh/zpty
zpty shell TERM=dumb zsh -f -i
zpty -w shell "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -D -u; PS1='ready'"
zpty -r shell seen '*ready'
zpty -w -n shell "$1"$'\t'
zpty -r shell seen "*$2*"
)";
  for (const auto& [typed, completed] : {std::pair<std::string, std::string>{"slate impo", "import "},
                                         {"slate serve --dura", "--durability"},
                                         {"slate serve --durability s", "sync"},
                                         {"slate get datasourc", "datasource"},
                                         {"slate import people ro", "rows.csv"},
                                         {"slate check mani", "manifests"}}) {
    const Finished asked = run_program({"/bin/sh", "-c",
                                        "cd " + folder_.path().string() + " && timeout 60 zsh -f ask.zsh '" +
                                            typed + "' '" + completed + "'"});
    EXPECT_EQ(asked.exit, 0) << typed << "\n" << asked.err;
  }
}

TEST_F(CompletionTest, fish_completes_verbs_flags_words_and_arguments) {
  if (!is_there("fish")) GTEST_SKIP() << "fish is not installed: it was not asked";
  std::ofstream(folder_.path() / "slate.fish") << run_program({SLATE_PROGRAM, "completion", "fish"}).out;
  const auto fish_offers = [&](const std::string& typed) {
    return run_program({"/bin/sh", "-c",
                        "cd " + folder_.path().string() +
                            " && HOME=$PWD fish -c 'source slate.fish; complete -C \"" + typed + "\"'"})
        .out;
  };
  EXPECT_THAT(fish_offers("slate impo"), StartsWith("import\t"));
  EXPECT_THAT(fish_offers("slate serve --dura"), StartsWith("--durability\t"));
  EXPECT_THAT(fish_offers("slate serve --durability s"), StartsWith("sync"));
  EXPECT_EQ(fish_offers("slate import people ro"), "rows.csv\n");
  EXPECT_THAT(fish_offers("slate check mani"), StartsWith("manifests/"));
}

TEST_F(CompletionTest, another_shell_is_refused) {
  EXPECT_EQ(run_program({SLATE_PROGRAM, "completion", "tcsh"}).exit, 2);
  EXPECT_EQ(run_program({SLATE_PROGRAM, "completion"}).exit, 2);
}

}  // namespace
}  // namespace slate
