// Runs every file of this folder that ends in .slt as one test; README.md says what they hold.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "scenario/runner.h"
#include "scenario/script.h"

namespace slate::scenario {
namespace {

std::filesystem::path folder_of(const std::string& name) {
  return std::filesystem::temp_directory_path() /
         ("slate_scenario_" + std::to_string(::getpid()) + "_" + name);
}

class Scenario : public testing::Test {
 public:
  explicit Scenario(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    std::ifstream file(path_);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const Script script = parse_script(text);
    ASSERT_FALSE(script.statements.empty()) << "nothing in " << path_;
    for (const Setting& setting : settings()) {
      for (const Complaint& complaint : run_script(script, setting, folder_of(path_.stem())))
        ADD_FAILURE_AT(path_.c_str(), complaint.line) << "[" << setting.name << "] " << complaint.what;
      if (HasFailure()) return;  // the other settings mostly say the same
    }
  }

 private:
  std::filesystem::path path_;
};

const bool kRegistered = [] {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SLATE_SOURCE_DIR "/tests/scenario"))
    if (entry.path().extension() == ".slt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  for (const auto& path : paths)
    testing::RegisterTest("Scenario", path.stem().c_str(), nullptr, nullptr, path.c_str(), 1,
                          [path]() -> testing::Test* { return new Scenario(path); });
  return !paths.empty();
}();

TEST(ScenarioRunner, finds_its_files) { EXPECT_TRUE(kRegistered); }

const Setting& over_http() {
  static const Setting setting = [] {
    const auto all = settings();
    return *std::ranges::find_if(all, &Setting::is_http);
  }();
  return setting;
}

// What the runner says of a script on three records, one complaint a line.
std::string complaints_of(const std::string& statements, const Setting& setting = settings().front()) {
  const std::string script =
      "datasource\n"
      "fields:\n"
      "  - {name: n, type: int, indexed: true}\n"
      "\n"
      "records\n"
      "_id | n\n"
      "a   | 1\n"
      "b   | 2\n"
      "c   | null\n"
      "\n";
  std::string all;
  for (const Complaint& complaint :
       run_script(parse_script(script + statements), setting, folder_of("runner")))
    all += std::to_string(complaint.line) + ": " + complaint.what + '\n';
  return all;
}

TEST(ScenarioRunner, is_content_with_what_is_true) {
  EXPECT_EQ(complaints_of("query n__gte=1&sort=-n\nids b a\n\ncount n=1\n1\n\nquery n=9\nno rows\n"), "");
  EXPECT_EQ(complaints_of("query x=1\nerror invalid_argument x no field\n"), "");
}

TEST(ScenarioRunner, names_the_line_and_both_answers_when_rows_differ) {
  EXPECT_EQ(complaints_of("query sort=n\n_id | n\na | 1\nb | 3\nc | null\n"),
            "11: expected\n    _id | n\n    a   | 1\n    b   | 3\n    c   | null\n"
            "  got\n    _id | n\n    a   | 1\n    b   | 2\n    c   | null\n\n");
  EXPECT_NE(complaints_of("query n__isnull=false\nids b a\n"), "");
  EXPECT_NE(complaints_of("query n=1\nno rows\n"), "");
  EXPECT_NE(complaints_of("count n=1\n2\n"), "");
}

TEST(ScenarioRunner, complains_of_other_plans_errors_and_bounds) {
  EXPECT_NE(complaints_of("query sort=n\nplan scan\nids a b c\n"), "");
  EXPECT_NE(complaints_of("query sort=n\nexamined rows<=1\nids a b c\n"), "");
  EXPECT_NE(complaints_of("query x=1\nids a\n"), "");
  EXPECT_NE(complaints_of("query n=1\nerror invalid_argument n\n"), "");
  EXPECT_NE(complaints_of("query n=x\nerror invalid_argument m\n"), "");
  EXPECT_NE(complaints_of("query n=x\nerror not_found n\n"), "");
}

TEST(ScenarioRunner, holds_distinct_values_and_their_counts_to_what_is_written) {
  EXPECT_EQ(complaints_of("distinct n\nn | count\n1 | 1\n2 | 1\nnull | 1\n"), "");
  EXPECT_EQ(complaints_of("distinct n n__gte=1&take=1\nn | count\n1 | 1\n... | ...\n"), "");
  EXPECT_EQ(complaints_of("distinct n n=7\nno values\n\ndistinct m\nerror invalid_argument m no field\n"),
            "");
  EXPECT_NE(complaints_of("distinct n\nn | count\n1 | 1\n2 | 2\nnull | 1\n"), "");
  EXPECT_NE(complaints_of("distinct n\nn | count\n1 | 1\n2 | 1\n"), "");
  EXPECT_NE(complaints_of("distinct_by_count n\nn | count\nnull | 1\n1 | 1\n2 | 1\n"), "");
  EXPECT_NE(complaints_of("distinct n take=1\nn | count\n1 | 1\n"), "");
  EXPECT_NE(complaints_of("distinct n\n_id | count\na | 1\n"), "");
  EXPECT_NE(complaints_of("distinct n\n"), "");
}

TEST(ScenarioRunner, holds_http_to_the_same) {
  const auto complaints = [](const std::string& statements) {
    return complaints_of(statements, over_http());
  };
  EXPECT_EQ(complaints("query n__gte=1&sort=-n\nids b a\n\ncount n=1\n1\n\nquery {\"take\": 1}\nids a\n"),
            "");
  EXPECT_EQ(complaints("query x=1\nerror invalid_argument x no field\n"), "");
  EXPECT_EQ(complaints("query sort=n\n_id | n\na | 1\nb | 3\nc | null\n"),
            "11: expected\n    _id | n\n    a   | 1\n    b   | 3\n    c   | null\n"
            "  got\n    _id | n\n    a   | 1\n    b   | 2\n    c   | null\n\n");
  EXPECT_NE(complaints("query {\"sort\": [\"n\"]}\nids b a c\n"), "");
  EXPECT_NE(complaints("query x=1\nids a\n"), "");
  EXPECT_NE(complaints("query n=x\nerror invalid_argument m\n"), "");
  EXPECT_NE(complaints("query n=x\nerror not_found n\n"), "");
  EXPECT_NE(complaints("query n=x\nerror invalid_argument n no such words\n"), "");
  EXPECT_NE(complaints("count n=1\n2\n"), "");
  EXPECT_NE(complaints("distinct n\nn | count\n1 | 1\n2 | 2\nnull | 1\n"), "");
  EXPECT_NE(complaints("write\n_id | n\nd | 4\nerror invalid_argument n\n"), "");
  EXPECT_NE(complaints("write\n_id | n\nd | x\n"), "");
}

TEST(ScenarioRunner, complains_of_what_it_cannot_read) {
  EXPECT_NE(complaints_of("question n=1\nids a\n"), "");
  EXPECT_NE(complaints_of("query n=1\n"), "");
  EXPECT_NE(complaints_of("query n=1\nexamined rocks<=1\nids a\n"), "");
  EXPECT_NE(complaints_of("query n=1\n_id | m\na | 1\n"), "");
  EXPECT_NE(complaints_of("query n=1\n_id | n\na\n"), "");
  EXPECT_NE(complaints_of("write\n_id | n\nd | x | y\n"), "");
}

}  // namespace
}  // namespace slate::scenario
