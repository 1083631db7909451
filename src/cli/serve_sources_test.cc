// Every option of `slate serve` can come from a flag, a variable and a file alike; the tests take them from
// the declarations, so that one that is added is tested too.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>
#include <unistd.h>

#include "cli/db_options.h"
#include "cli/serve_options.h"
#include "cli/verbs.h"

namespace slate::cli {
namespace {

using ::testing::HasSubstr;

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ServeSourcesTest : public ::testing::Test {
 protected:
  ~ServeSourcesTest() override { std::filesystem::remove(file_); }

  // The options of the verb, but for --config.
  std::vector<OptionShape> options() { return options_of(run_serve); }
  template <typename Verb>
  std::vector<OptionShape> options_of(Verb run) {
    CommandShape shape;
    Terminal terminal{.in = in_, .out = out_, .err = err_, .describe = &shape};
    EXPECT_EQ(run({}, terminal), Exit::kOk);
    std::erase_if(shape.options, [](const OptionShape& option) { return option.flags.back() == "--config"; });
    EXPECT_GE(shape.options.size(), 11u);
    return shape.options;
  }
  // What the arguments, the environment and a file make of the options; as text of all of them.
  ServeOptions parsed(const std::vector<std::string>& arguments) {
    ServeOptions options;
    CommandLine command_line("serve", "");
    add_serve_options(command_line, options);
    Terminal terminal{.in = in_, .out = out_, .err = err_};
    err_.str("");
    EXPECT_EQ(command_line.parse(arguments, terminal), std::nullopt)
        << err_.str() << ::testing::PrintToString(arguments);
    return options;
  }
  void accept(CommandLine& command_line, const std::string& text) {
    std::ofstream(file_) << text;
    const std::vector<std::string> arguments{"--config", file_};
    Terminal terminal{.in = in_, .out = out_, .err = err_};
    err_.str("");
    EXPECT_EQ(command_line.parse(arguments, terminal), std::nullopt) << err_.str();
  }
  ServeOptions parsed_from_file(const std::string& text) {
    std::ofstream(file_) << text;
    return parsed({"--config", file_});
  }
  // Something that the option takes and that is not its default.
  std::string another_value(const OptionShape& option) {
    if (option.value.empty()) return "true";
    std::vector<std::string> candidates = option.words;
    if (option.range)
      for (const auto number : {option.range->first, option.range->first + 1, option.range->second})
        candidates.push_back(std::to_string(number));
    candidates.insert(candidates.end(), {"/tmp/another", "127.0.0.1:9", "12MiB", "another"});
    for (const std::string& candidate : candidates) {
      ServeOptions options;
      CommandLine command_line("serve", "");
      add_serve_options(command_line, options);
      Terminal terminal{.in = in_, .out = out_, .err = err_};
      const std::vector<std::string> arguments{option.flags.back() + "=" + candidate};
      if (!command_line.parse(arguments, terminal) && options != ServeOptions{}) return candidate;
    }
    ADD_FAILURE() << "no value for " << option.flags.back();
    return "";
  }

  std::istringstream in_;
  std::ostringstream out_, err_;
  const std::string file_ =
      (std::filesystem::temp_directory_path() / ("slate_serve_" + std::to_string(::getpid()) + ".toml"))
          .string();
};

TEST_F(ServeSourcesTest, every_option_comes_from_a_flag_a_variable_and_a_file_alike) {
  for (const OptionShape& option : options()) {
    const std::string value = another_value(option);
    const std::string name = option.flags.back().substr(2);
    const ServeOptions by_flag =
        parsed({option.value.empty() ? option.flags.back() : option.flags.back() + "=" + value});
    EXPECT_NE(by_flag, ServeOptions{}) << name;
    ::setenv(option.variable.c_str(), value.c_str(), 1);
    EXPECT_EQ(parsed({}), by_flag) << option.variable;
    ::unsetenv(option.variable.c_str());
    const std::string quoted = option.value.empty() ? value : '"' + value + '"';
    EXPECT_EQ(parsed_from_file(name + " = " + quoted + "\n"), by_flag) << name;
    EXPECT_EQ(parsed_from_file("[serve]\n" + name + " = " + quoted + "\n"), by_flag) << name;
    EXPECT_EQ(parsed_from_file("[query]\n" + name + " = " + quoted + "\n"), ServeOptions{}) << name;
  }
}

TEST_F(ServeSourcesTest, a_flag_wins_over_a_variable_and_a_variable_over_a_file) {
  std::ofstream(file_) << "pool-threads = 5\n";
  EXPECT_EQ(parsed({"--config", file_}).process.pool_threads, 5u);
  ::setenv("SLATE_POOL_THREADS", "6", 1);
  EXPECT_EQ(parsed({"--config", file_}).process.pool_threads, 6u);
  EXPECT_EQ(parsed({"--config", file_, "--pool-threads", "7"}).process.pool_threads, 7u);
  ::unsetenv("SLATE_POOL_THREADS");
}

TEST_F(ServeSourcesTest, a_key_that_is_no_option_is_refused_by_its_name) {
  std::ofstream(file_) << "[serve]\npol-threads = 5\n";
  const std::vector<std::string> arguments{"--config", file_};
  Terminal terminal{.in = in_, .out = out_, .err = err_};
  EXPECT_EQ(run_serve(arguments, terminal), Exit::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("slate serve has no option \"pol-threads\""));
  EXPECT_THAT(err_.str(), HasSubstr("did you mean \"pool-threads\"?"));
}

// A file of options that comes with a unit: every option of its verb is in it, and it is accepted, as it is
// and with all that is commented out put in; that is the text.
std::string whole_example(const std::string& name, const std::vector<OptionShape>& options,
                          const std::function<void(const std::string&)>& parse) {
  const std::string text = contents(SLATE_SOURCE_DIR "/deploy/systemd/" + name);
  for (const OptionShape& option : options) {
    const std::string line = option.flags.back().substr(2) + " = ";
    EXPECT_TRUE(text.find("\n" + line) != std::string::npos || text.find("\n# " + line) != std::string::npos)
        << name << ": " << line;
  }
  parse(text);
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_option = line.starts_with("# ") && line.find(" = ") != std::string::npos;
    all += (is_option ? line.substr(2) : line) + "\n";
  }
  parse(all);
  return all;
}

TEST_F(ServeSourcesTest, the_file_that_comes_with_the_unit_names_every_option_and_is_accepted) {
  const std::string all =
      whole_example("slate.toml", options(), [&](const std::string& text) { parsed_from_file(text); });
  EXPECT_EQ(parsed_from_file(all).store.map_bytes, std::uint64_t{64} << 30);
}

TEST_F(ServeSourcesTest, the_files_of_db_and_api_name_every_option_and_are_accepted) {
  whole_example("slate-db.toml", options_of(run_db), [&](const std::string& text) {
    DbOptions options;
    CommandLine command_line("db", "");
    add_db_options(command_line, options);
    accept(command_line, text);
    EXPECT_EQ(options.metrics_listen, "127.0.0.1:9601");
  });
  whole_example("slate-api.toml", options_of(run_api), [&](const std::string& text) {
    ApiOptions options;
    CommandLine command_line("api", "");
    add_api_options(command_line, options);
    accept(command_line, text);
    EXPECT_EQ(options.database, "127.0.0.1:9600");
    EXPECT_TRUE(checked_endpoints(options.http));
  });
}

TEST_F(ServeSourcesTest, the_page_of_configuration_names_every_option) {
  const std::string page = contents(SLATE_SOURCE_DIR "/docs/configuration.md");
  for (const OptionShape& option : options()) {
    EXPECT_THAT(page, HasSubstr("| `" + option.flags.back())) << "docs/configuration.md";
    EXPECT_THAT(page, HasSubstr("`" + option.variable + "`")) << "docs/configuration.md";
  }
}

TEST_F(ServeSourcesTest, the_page_of_configuration_names_every_option_of_db_and_api) {
  const std::string page = contents(SLATE_SOURCE_DIR "/docs/configuration.md");
  const auto expect_all = [&](const std::vector<OptionShape>& options) {
    for (const OptionShape& option : options) {
      const std::string flag = option.flags.back();
      EXPECT_THAT(page, ::testing::AnyOf(HasSubstr("`" + flag + "`"), HasSubstr("`" + flag + " "))) << flag;
      EXPECT_THAT(page, HasSubstr("`" + option.variable + "`")) << flag;
    }
  };
  expect_all(options_of(run_db));
  expect_all(options_of(run_api));
}

}  // namespace
}  // namespace slate::cli
