#include "cli/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command_shape.h"

namespace slate::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class VerbsTest : public ::testing::Test {
 protected:
  Exit run(const std::vector<std::string>& arguments) {
    out_.str("");
    err_.str("");
    return cli::run(arguments, terminal_);
  }
  std::istringstream in_;
  std::ostringstream out_, err_;
  Terminal terminal_{in_, out_, err_};
};

TEST_F(VerbsTest, help_lists_every_verb) {
  EXPECT_EQ(run({"help"}), Exit::kOk);
  for (const Verb& verb : verbs()) EXPECT_THAT(out_.str(), HasSubstr("\n  " + std::string(verb.name) + " "));
  EXPECT_EQ(run({"--help"}), Exit::kOk);
}

TEST_F(VerbsTest, help_of_a_verb_is_its_own_help) {
  for (const Verb& verb : verbs()) {
    EXPECT_EQ(run({"help", std::string(verb.name)}), Exit::kOk) << verb.name;
    const std::string help = out_.str();
    EXPECT_EQ(run({std::string(verb.name), "--help"}), Exit::kOk) << verb.name;
    EXPECT_EQ(out_.str(), help) << verb.name;
    EXPECT_EQ(err_.str(), "") << verb.name;
  }
}

TEST_F(VerbsTest, every_verb_can_be_asked_what_it_takes) {
  for (const Verb& verb : verbs()) {
    CommandShape shape;
    Terminal asking{.in = in_, .out = out_, .err = err_, .describe = &shape};
    EXPECT_EQ(verb.run({}, asking), Exit::kOk) << verb.name;
    EXPECT_EQ(shape.verb, verb.name);
    EXPECT_NE(shape.summary, "");
    for (const OptionShape& option : shape.options) {
      EXPECT_FALSE(option.flags.empty()) << verb.name;
      EXPECT_NE(option.help, "") << option.flags.back();
    }
    EXPECT_EQ(out_.str() + err_.str(), "") << verb.name;
  }
}

TEST_F(VerbsTest, without_a_verb_the_usage_is_shown_as_an_error) {
  EXPECT_EQ(run({}), Exit::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("Usage: slate VERB"));
}

TEST_F(VerbsTest, an_unknown_verb_suggests_the_nearest) {
  EXPECT_EQ(run({"quary"}), Exit::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean \"query\"?"));
  EXPECT_EQ(run({"frobnicate"}), Exit::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("there is no verb \"frobnicate\""));
  EXPECT_EQ(run({"help", "quary"}), Exit::kUsage);
}

TEST_F(VerbsTest, version_says_how_it_was_built) {
  EXPECT_EQ(run({"version"}), Exit::kOk);
  EXPECT_THAT(out_.str(), StartsWith("slate " + std::string("0.")));
  EXPECT_EQ(run({"--version"}), Exit::kOk);
}

TEST_F(VerbsTest, wrong_usage_of_each_verb_exits_with_2) {
  const std::vector<std::vector<std::string>> wrong{
      {"serve", "--listen", "example.com:80"},
      {"serve", "--listen", "0.0.0.0:80"},
      {"serve", "extra"},
      {"serve", "--io-threads", "0"},
      {"apply"},
      {"get"},
      {"get", "datasorces"},
      {"get", "datasource"},
      {"get", "lists", "one"},
      {"query"},
      {"query", "status=active"},
      {"query", "leads", "active"},
      {"query", "--datasource", "leads", "leads"},
      {"query", "leads", "--format", "xml"},
      {"explain"},
      {"export"},
      {"export", "leads", "--format", "table"},
      {"import"},
      {"import", "leads", "--batch", "0"},
      {"import", "leads", "--mode", "append"},
      {"check"},
      {"check", "/does/not/exist"},
      {"completion"},
      {"completion", "csh"},
      {"bench", "--records", "5"},
      {"bench", "--records", "many"},
      {"bench", "--queries", "Q99"},
      {"bench", "--repeat", "0"},
      {"bench", "--calibrate", "--records", "9000"},
      {"version", "--short"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(run(arguments), Exit::kUsage) << ::testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), StartsWith("slate " + arguments.front() + ": "))
        << ::testing::PrintToString(arguments);
  }
}

TEST_F(VerbsTest, a_server_that_is_not_there_is_a_failure_with_a_hint) {
  // Port 1 is reserved, and nothing listens there.
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"get", "lists", "--server", "http://127.0.0.1:1"},
                                             {"query", "leads", "--server", "http://127.0.0.1:1"},
                                             {"explain", "leads", "--server", "http://127.0.0.1:1"},
                                             {"export", "leads", "--server", "http://127.0.0.1:1"},
                                             {"import", "leads", "--server", "http://127.0.0.1:1"}}) {
    in_.clear();
    in_.str("{\"_id\":\"1\"}\n");
    EXPECT_EQ(run(arguments), Exit::kFailed);
    EXPECT_THAT(err_.str(), HasSubstr("unavailable"));
    EXPECT_THAT(err_.str(), HasSubstr("SLATE_SERVER"));
  }
}

TEST_F(VerbsTest, apply_reports_bad_documents_by_file_and_line) {
  in_.str(
      "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: a}\nspec: {fields: [{name: x, type: "
      "y}]}\n");
  EXPECT_EQ(run({"apply", "-f", "-", "--server", "http://127.0.0.1:1"}), Exit::kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("standard input:4: "));
  EXPECT_THAT(err_.str(), HasSubstr("spec.fields.x.type"));
}

TEST_F(VerbsTest, apply_of_nothing_is_a_failure) {
  in_.str("");
  EXPECT_EQ(run({"apply", "-f", "-", "--server", "http://127.0.0.1:1"}), Exit::kFailed);
  EXPECT_EQ(run({"apply", "-f", "/does/not/exist", "--server", "http://127.0.0.1:1"}), Exit::kFailed);
}

}  // namespace
}  // namespace slate::cli
