#include "cli/db_options.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace slate::cli {
namespace {

TEST(DbOptions, beyond_loopback_needs_a_token_file) {
  DbOptions options;
  EXPECT_TRUE(checked_address(options).has_value());
  options.listen = "0.0.0.0:9600";
  EXPECT_EQ(checked_address(options).error().field(), "--listen");
  options.token_file = "tokens";
  EXPECT_EQ(checked_address(options)->port, 9600);
}

TEST(DbOptions, no_request_is_larger_than_64_mib) {
  DbOptions options;
  options.max_write_bytes = (std::uint64_t{64} << 20) + 1;
  EXPECT_EQ(checked_address(options).error().field(), "--max-write-size");
}

class ReadTokens : public ::testing::Test {
 protected:
  Result<std::vector<std::string>> read(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / ("slate_tokens_" + std::to_string(::getpid()));
    std::ofstream(path) << text;
    auto tokens = read_tokens(path.string());
    std::filesystem::remove(path);
    return tokens;
  }
};

TEST_F(ReadTokens, one_a_line_without_comments_and_blanks) {
  EXPECT_EQ(read("# of May\n\n  0123456789abcdef \r\nfedcba9876543210").value(),
            (std::vector<std::string>{"0123456789abcdef", "fedcba9876543210"}));
}

TEST_F(ReadTokens, a_short_one_is_refused_without_being_shown) {
  const auto refused = read("0123456789abcdef\nshort-secret\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field(), "--token-file");
  EXPECT_NE(refused.error().message().find(":2:"), std::string::npos);
  EXPECT_EQ(refused.error().message().find("secret"), std::string::npos);
}

TEST_F(ReadTokens, a_file_without_any_is_refused) {
  EXPECT_EQ(read("# nothing\n").error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(read_tokens("/nowhere/tokens").error().reason(), Reason::kIo);
}

}  // namespace
}  // namespace slate::cli
