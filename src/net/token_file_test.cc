#include "net/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/temporary_folder.h"

namespace slate::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFirst = "first-token-0123456789";
constexpr const char* kSecond = "second-token-0123456789";

TEST(Tokens, one_a_line_without_blanks_and_comments) {
  const auto tokens = parse_tokens("# of March\n  first-token-0123456789 \r\n\n\tsecond-token-0123456789");
  ASSERT_TRUE(tokens);
  EXPECT_THAT(*tokens, ElementsAre(kFirst, kSecond));
  EXPECT_TRUE(parse_tokens("")->empty());
}

TEST(Tokens, what_is_no_token_is_named_by_its_line_and_never_shown) {
  for (const std::string& bad : {std::string("shorttoken"), std::string("two words-0123456789"),
                                 std::string("not-ascii-\xc3\xa4-0123456789"), std::string(1025, 'x'),
                                 std::string("with-nul-\0-0123456789", 21)}) {
    const auto tokens = parse_tokens(std::string(kFirst) + "\n" + bad + "\n");
    ASSERT_FALSE(tokens) << bad;
    EXPECT_THAT(tokens.error().to_string(), HasSubstr("line 2"));
    EXPECT_THAT(tokens.error().to_string(), Not(HasSubstr(bad.substr(0, 9))));
  }
}

TEST(TokenFile, every_token_of_the_file_opens_and_nothing_else) {
  const testing::TemporaryFolder folder;
  const auto tokens = TokenFile::open(folder.write("tokens", std::string(kFirst) + "\n" + kSecond + "\n"));
  ASSERT_TRUE(tokens) << tokens.error().to_string();
  EXPECT_TRUE((*tokens)->accepts(kFirst));
  EXPECT_TRUE((*tokens)->accepts(kSecond));
  for (const char* bad : {"", "first-token-012345678", "first-token-01234567890", "First-token-0123456789"})
    EXPECT_FALSE((*tokens)->accepts(bad)) << bad;
}

TEST(TokenFile, changed_file_changes_the_tokens) {
  const testing::TemporaryFolder folder;
  const auto file = folder.write("tokens", kFirst);
  const auto tokens = TokenFile::open(file);
  ASSERT_TRUE(tokens) << tokens.error().to_string();
  folder.write("tokens", std::string(kFirst) + "\n" + kSecond);
  while (!(*tokens)->accepts(kSecond)) {
  }
  EXPECT_TRUE((*tokens)->accepts(kFirst));
  folder.write("tokens", kSecond);
  while ((*tokens)->accepts(kFirst)) {
  }
  EXPECT_TRUE((*tokens)->accepts(kSecond));
  folder.write("tokens", "");
  while ((*tokens)->accepts(kSecond)) {
  }
}

TEST(TokenFile, broken_new_content_leaves_the_old_tokens) {
  const testing::TemporaryFolder folder;
  const auto tokens = TokenFile::open(folder.write("tokens", kFirst));
  ASSERT_TRUE(tokens);
  folder.write("tokens", std::string(kSecond) + "\nshort");
  folder.write("other", "x");
  EXPECT_TRUE((*tokens)->accepts(kFirst));
  EXPECT_FALSE((*tokens)->accepts(kSecond));
  folder.write("tokens", kSecond);
  while (!(*tokens)->accepts(kSecond)) {
  }
}

TEST(TokenFile, file_without_tokens_is_refused_at_the_start) {
  const testing::TemporaryFolder folder;
  const auto file = folder.write("tokens", "# none\n");
  EXPECT_EQ(TokenFile::open(file).error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(read_token(file).error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(TokenFile::open(folder.path("none")).error().reason(), Reason::kNotFound);
}

TEST(TokenFile, first_token_is_the_one_to_show) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(read_token(folder.write("tokens", std::string("\n") + kFirst + "\n" + kSecond)).value_or(""),
            kFirst);
}

}  // namespace
}  // namespace slate::net
