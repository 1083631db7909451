#include "lists/caller_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

namespace slate {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

const std::string kKey(32, 'k');

LoaderConfig by(std::vector<std::string> names) { return {.scope_headers = std::move(names)}; }

std::string scope(const Headers& headers, std::vector<std::string> names = {"X-User", "X-Org"},
                  std::string_view key = kKey) {
  const auto scope = scope_of(by(std::move(names)), headers, key);
  EXPECT_TRUE(scope) << scope.error().to_string();
  return scope.value_or("");
}

TEST(Scope, is_a_word_that_holds_nothing_of_the_values) {
  const std::string word = scope({{"X-User", "alice"}, {"X-Org", "acme"}});
  EXPECT_THAT(word, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(word, scope({{"X-User", "alice"}, {"X-Org", "acme"}}));
  EXPECT_NE(word, scope({{"X-User", "alice"}, {"X-Org", "acme"}}, {"X-User", "X-Org"}, std::string(32, 'l')))
      << "another data folder has other words";
}

TEST(Scope, is_that_of_the_configured_headers_however_they_come) {
  const std::string word = scope({{"X-User", "alice"}, {"X-Org", "acme"}});
  EXPECT_EQ(word, scope({{"x-org", "acme"}, {"Cookie", "c"}, {"X-USER", "alice"}}));
  EXPECT_NE(word, scope({{"X-User", "acme"}, {"X-Org", "alice"}}));
  EXPECT_NE(word, scope({{"X-User", "alice"}, {"X-Org", "acme"}}, {"X-Org", "X-User"}));
}

TEST(Scope, several_values_of_one_header_are_joined_as_http_reads_them) {
  EXPECT_EQ(scope({{"X-User", "a"}, {"x-user", "b"}}, {"X-User"}), scope({{"X-User", "a, b"}}, {"X-User"}));
  EXPECT_NE(scope({{"X-User", "a"}, {"X-User", "b"}}, {"X-User"}),
            scope({{"X-User", "b"}, {"X-User", "a"}}, {"X-User"}));
}

TEST(Scope, a_header_that_is_missing_or_empty_is_named) {
  for (const Headers& headers : {Headers{{"X-User", "alice"}}, Headers{{"X-User", "alice"}, {"X-Org", ""}}}) {
    const auto refused = scope_of(by({"X-User", "X-Org"}), headers, kKey);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(refused.error().field(), "X-Org");
    EXPECT_THAT(refused.error().to_string(), Not(HasSubstr("alice")));
  }
}

// Short texts over what might be taken for a boundary: nearly every pair of tuples looks alike when it is
// joined.
TEST(Scope, no_two_tuples_of_values_have_one_scope) {
  std::mt19937_64 random(7);
  const auto text = [&] {
    std::string value(1 + random() % 4, ' ');
    for (char& c : value) c = "ab,: =\1\n"[random() % 8];
    return value;
  };
  std::map<std::string, std::pair<std::string, std::string>> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::pair<std::string, std::string> values{text(), text()};
    const auto [found, is_new] =
        seen.emplace(scope({{"X-User", values.first}, {"X-Org", values.second}}), values);
    EXPECT_EQ(found->second, values);
  }
  EXPECT_GT(seen.size(), 1000u);
}

}  // namespace
}  // namespace slate
