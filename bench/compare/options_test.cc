#include "bench/compare/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace slate::bench::compare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OptionsTest : public ::testing::Test {
 protected:
  std::expected<Options, cli::Exit> parse(const std::vector<std::string>& arguments) {
    cli::Terminal terminal{.in = in_, .out = out_, .err = err_};
    return parse_options(arguments, terminal);
  }

  std::istringstream in_;
  std::ostringstream out_, err_;
};

TEST_F(OptionsTest, by_default_everything_runs_at_a_hundred_thousand_records) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_THAT(options->records, ElementsAre(100'000));
  EXPECT_TRUE(options->wants("duckdb"));
  EXPECT_TRUE(options->lines.empty());
  EXPECT_EQ(options->format, Format::kTable);
}

TEST_F(OptionsTest, lists_are_separated_by_commas) {
  const auto options = parse({"--records", "1000,20", "--engines", "slate,sqlite", "--lines", "Q1,UPD",
                              "--repeat", "3", "--format", "markdown"});
  ASSERT_TRUE(options);
  EXPECT_THAT(options->records, ElementsAre(1'000, 20));
  EXPECT_THAT(options->lines, ElementsAre("Q1", "UPD"));
  EXPECT_TRUE(options->wants("sqlite"));
  EXPECT_FALSE(options->wants("duckdb"));
  EXPECT_EQ(options->repeat, 3U);
  EXPECT_EQ(options->format, Format::kMarkdown);
}

TEST_F(OptionsTest, strangers_are_named) {
  for (const auto& [flag, value] :
       {std::pair<std::string, std::string>{"--engines", "oracle"}, {"--lines", "Q99"}, {"--records", "5"}}) {
    const auto options = parse({flag, value});
    ASSERT_FALSE(options) << flag;
    EXPECT_EQ(options.error(), cli::Exit::kUsage);
    EXPECT_THAT(err_.str(), HasSubstr(value));
  }
}

}  // namespace
}  // namespace slate::bench::compare
