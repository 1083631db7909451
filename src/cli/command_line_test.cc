#include "cli/command_line.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace slate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Colour : std::uint8_t { kRed, kGreen };

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "slate-options-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CommandLineTest() override {
    for (const char* name : {"SLATE_NAME", "SLATE_COUNT", "SLATE_SWITCH", "SLATE_COLOUR", "SLATE_SIZE",
                             "SLATE_CONFIG", "SLATE_MANY_WORDS"})
      ::unsetenv(name);
    std::filesystem::remove_all(folder_);
  }

  std::optional<Exit> parse(const std::vector<std::string>& arguments) {
    CommandLine command_line("paint", "Paints something");
    command_line.option({.flags = "--name", .value = "NAME", .help = "What it is called"}, name_);
    command_line.option({.flags = "-n,--count", .value = "N", .help = "How many"}, count_, 1, 10);
    command_line.option({.flags = "--switch", .value = "", .help = "Whether"}, switch_);
    command_line.choice({.flags = "--colour", .help = "Which"}, colour_,
                        {{"red", Colour::kRed}, {"green", Colour::kGreen}});
    command_line.bytes({.flags = "--size", .value = "BYTES", .help = "How large"}, size_, 1024,
                       std::uint64_t{256} << 40);
    command_line.list({.flags = "--many-words", .value = "WORD,...", .help = "Several"}, many_);
    command_line.repeated({.flags = "--again", .value = "TEXT", .help = "As often as wanted"}, again_);
    command_line.arguments("REST", "The rest", rest_);
    return command_line.parse(arguments, terminal_);
  }
  void expect_usage_error(const std::vector<std::string>& arguments, const std::string& message) {
    err_.str("");
    EXPECT_EQ(parse(arguments), Exit::kUsage);
    EXPECT_THAT(err_.str(), HasSubstr(message));
    EXPECT_THAT(err_.str(), HasSubstr("slate paint --help"));
  }
  std::string config(const std::string& text) {
    std::ofstream(folder_ / "slate.toml") << text;
    return (folder_ / "slate.toml").string();
  }

  std::filesystem::path folder_;
  std::istringstream in_;
  std::ostringstream out_, err_;
  Terminal terminal_{in_, out_, err_};
  std::string name_ = "by default";
  std::uint64_t count_ = 3;
  Switch switch_ = Switch::kOff;
  Colour colour_ = Colour::kRed;
  std::uint64_t size_ = std::uint64_t{64} << 30;
  std::vector<std::string> many_{"one", "two"};
  std::vector<std::string> again_;
  std::vector<std::string> rest_;
};

TEST_F(CommandLineTest, without_arguments_the_defaults_stay) {
  EXPECT_EQ(parse({}), std::nullopt);
  EXPECT_EQ(name_, "by default");
  EXPECT_EQ(count_, 3U);
  EXPECT_EQ(switch_, Switch::kOff);
  EXPECT_EQ(colour_, Colour::kRed);
  EXPECT_THAT(many_, ElementsAre("one", "two"));
  EXPECT_THAT(rest_, IsEmpty());
}

TEST_F(CommandLineTest, flags_set_every_kind_of_target) {
  EXPECT_EQ(parse({"--name=x", "-n", "7", "--switch", "--colour", "green", "--size", "2MiB", "--many-words",
                   "a,b", "c", "d=-e"}),
            std::nullopt)
      << err_.str();
  EXPECT_EQ(name_, "x");
  EXPECT_EQ(count_, 7U);
  EXPECT_EQ(switch_, Switch::kOn);
  EXPECT_EQ(colour_, Colour::kGreen);
  EXPECT_EQ(size_, 2U << 20);
  EXPECT_THAT(many_, ElementsAre("a", "b"));
  EXPECT_THAT(rest_, ElementsAre("c", "d=-e"));
}

TEST_F(CommandLineTest, what_is_repeated_keeps_its_commas_and_takes_no_argument_with_it) {
  const auto file = config("again = [\"e, f\", \"g\"]\n");
  EXPECT_EQ(parse({"--config", file}), std::nullopt) << err_.str();
  EXPECT_THAT(again_, ElementsAre("e, f", "g"));
  ::setenv("SLATE_AGAIN", "c, d", 1);
  again_.clear();
  EXPECT_EQ(parse({}), std::nullopt) << err_.str();
  EXPECT_THAT(again_, ElementsAre("c, d"));
  again_.clear();
  EXPECT_EQ(parse({"--again", "a, b", "word", "--again=x: y"}), std::nullopt) << err_.str();
  EXPECT_THAT(again_, ElementsAre("a, b", "x: y"));
  EXPECT_THAT(rest_, ElementsAre("word"));
}

TEST_F(CommandLineTest, the_environment_counts_where_no_flag_is_given) {
  ::setenv("SLATE_NAME", "from the environment", 1);
  ::setenv("SLATE_COUNT", "5", 1);
  ::setenv("SLATE_SWITCH", "true", 1);
  ::setenv("SLATE_COLOUR", "green", 1);
  ::setenv("SLATE_SIZE", "1GiB", 1);
  ::setenv("SLATE_MANY_WORDS", "p,q,r", 1);
  EXPECT_EQ(parse({"--count", "6"}), std::nullopt) << err_.str();
  EXPECT_EQ(name_, "from the environment");
  EXPECT_EQ(count_, 6U);
  EXPECT_EQ(switch_, Switch::kOn);
  EXPECT_EQ(colour_, Colour::kGreen);
  EXPECT_EQ(size_, 1U << 30);
  EXPECT_THAT(many_, ElementsAre("p", "q", "r"));
}

TEST_F(CommandLineTest, the_file_counts_where_neither_flag_nor_environment_do) {
  const auto file = config(
      "name = \"from the file\"\ncount = 9\ncolour = 'green' # why not\nsize = \"4KiB\"\n"
      "many-words = [\"v\", \"w\"]\nswitch = true\n");
  ::setenv("SLATE_COUNT", "5", 1);
  EXPECT_EQ(parse({"--config", file, "--colour", "red"}), std::nullopt) << err_.str();
  EXPECT_EQ(name_, "from the file");
  EXPECT_EQ(count_, 5U);
  EXPECT_EQ(colour_, Colour::kRed);
  EXPECT_EQ(size_, 4096U);
  EXPECT_EQ(switch_, Switch::kOn);
  EXPECT_THAT(many_, ElementsAre("v", "w"));
}

TEST_F(CommandLineTest, the_file_may_be_named_by_the_environment) {
  ::setenv("SLATE_CONFIG", config("name=x\n").c_str(), 1);
  EXPECT_EQ(parse({}), std::nullopt) << err_.str();
  EXPECT_EQ(name_, "x");
}

TEST_F(CommandLineTest, only_the_verbs_own_section_of_the_file_counts) {
  const auto file = config("[serve]\nlisten = \"x\"\n[paint]\nname = \"mine\"\n[bench]\nname = \"other\"\n");
  EXPECT_EQ(parse({"--config", file}), std::nullopt) << err_.str();
  EXPECT_EQ(name_, "mine");
}

TEST_F(CommandLineTest, an_option_of_the_verbs_own_section_wins_over_one_outside) {
  const auto file = config("name = \"outside\"\ncount = 4\n[paint]\nname = \"mine\"\n");
  EXPECT_EQ(parse({"--config", file}), std::nullopt) << err_.str();
  EXPECT_EQ(name_, "mine");
  EXPECT_EQ(count_, 4U);
}

TEST_F(CommandLineTest, numbers_are_decimal) {
  EXPECT_EQ(parse({"--count", "010", "--size", "02000"}), std::nullopt) << err_.str();
  EXPECT_EQ(count_, 10U);
  EXPECT_EQ(size_, 2'000U);
  expect_usage_error({"--count", "0x5"}, "expected a whole number from 1 to 10, got \"0x5\"");
  expect_usage_error({"--count", " 5"}, "--count");
  expect_usage_error({"--count", "+5"}, "--count");
}

TEST_F(CommandLineTest, mistakes_are_usage_errors_that_name_the_option) {
  expect_usage_error({"--nome", "x"}, "--nome");
  expect_usage_error({"--count", "11"}, "--count");
  expect_usage_error({"--count", "0"}, "--count");
  expect_usage_error({"--count", "many"}, "--count");
  expect_usage_error({"--count", "-1"}, "--count");
  expect_usage_error({"--colour", "gren"}, "did you mean \"green\"?");
  expect_usage_error({"--size", "1"}, "--size");
  expect_usage_error({"--size", "1XB"}, "--size");
  expect_usage_error({"--size=-5"}, "--size");
  expect_usage_error({"--size=-1MiB"}, "--size");
  expect_usage_error({"--size", "257TiB"}, "expected 1KiB to 256TiB");
  expect_usage_error({"--size", "18446744073709551615"}, "expected 1KiB to 256TiB");
  expect_usage_error({"--size", "99999999999999999999999"}, "--size");
  expect_usage_error({"--name"}, "--name");
}

TEST_F(CommandLineTest, mistakes_in_the_environment_are_usage_errors) {
  ::setenv("SLATE_SWITCH", "perhaps", 1);
  expect_usage_error({}, "perhaps");
  ::unsetenv("SLATE_SWITCH");
  ::setenv("SLATE_COUNT", "99", 1);
  expect_usage_error({}, "count");
}

TEST_F(CommandLineTest, mistakes_in_the_file_name_the_file) {
  expect_usage_error({"--config", config("nam = x\n")}, "slate.toml");
  EXPECT_THAT(err_.str(), HasSubstr("did you mean \"name\"?"));
  expect_usage_error({"--config", config("count = 99\n")}, "slate.toml");
  expect_usage_error({"--config", config("count = [1, 2]\n")}, "slate.toml");
  expect_usage_error({"--config", config("switch = perhaps\n")}, "slate.toml");
  expect_usage_error({"--config", config("config = other\n")}, "slate.toml");
  expect_usage_error({"--config", config("name = \"a\"\ncount = 5\nname = \"b\"\n")},
                     "slate.toml: name is there twice");
  expect_usage_error({"--config", (folder_ / "none.toml").string()}, "none.toml");
  expect_usage_error({"--config", folder_.string()}, folder_.string());
}

TEST_F(CommandLineTest, a_section_of_the_file_that_is_no_verbs_is_refused) {
  expect_usage_error({"--config", config("[pain]\nname = \"x\"\n")}, "there is no verb \"pain\"");
  EXPECT_THAT(err_.str(), HasSubstr("did you mean \"paint\"?"));
  expect_usage_error({"--config", config("[paint.more]\nname = \"x\"\n")}, "slate.toml");
  expect_usage_error({"--config", config("[paint\n")}, "[paint");
}

TEST_F(CommandLineTest, a_number_that_is_none_is_told_what_was_expected) {
  expect_usage_error({"--count", "many"}, "expected a whole number from 1 to 10, got \"many\"");
  expect_usage_error({"--count", "11"}, "expected a whole number from 1 to 10, got \"11\"");
  expect_usage_error({"--size", "1.5MiB"}, "expected 1KiB to 256TiB, got \"1.5MiB\"");
  expect_usage_error({"--size", "5"}, "expected 1KiB to 256TiB, got \"5\"");
}

TEST_F(CommandLineTest, help_names_defaults_and_variables) {
  EXPECT_EQ(parse({"--help"}), Exit::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Paints something"));
  EXPECT_THAT(out_.str(), HasSubstr("--colour red|green"));
  EXPECT_THAT(out_.str(), HasSubstr("[default by default, variable SLATE_NAME]"));
  EXPECT_THAT(out_.str(), HasSubstr("[default 64GiB, variable SLATE_SIZE]"));
  EXPECT_THAT(out_.str(), HasSubstr("[default one,two, variable SLATE_MANY_WORDS]"));
  EXPECT_THAT(out_.str(), HasSubstr("[default off, variable SLATE_SWITCH]"));
}

}  // namespace
}  // namespace slate::cli
