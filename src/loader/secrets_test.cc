#include "loader/secrets.h"

#include <gtest/gtest.h>

#include "model/coerce.h"

namespace slate {
namespace {

TEST(Presentable, a_message_without_secrets_is_left_as_it_is) {
  EXPECT_EQ(presentable("no such tenant", {{"Authorization", "Bearer abcdef123"}}), "no such tenant");
}

TEST(Presentable, whole_values_and_their_words_are_redacted) {
  const LoadMetadata metadata{{"Authorization", "Bearer abcdef123"}, {"X-SF-Token", "t0k"}};
  EXPECT_EQ(presentable("bad header 'Bearer abcdef123'", metadata), "bad header '[redacted]'");
  EXPECT_EQ(presentable("abcdef123 has expired, t0k too", metadata),
            "[redacted] has expired, [redacted] too");
}

TEST(Presentable, a_value_within_another_does_not_leave_a_rest) {
  const LoadMetadata metadata{{"A", "secret"}, {"B", "secret-and-more"}};
  EXPECT_EQ(presentable("got secret-and-more", metadata), "got [redacted]");
}

TEST(Presentable, a_short_value_is_not_told_by_the_gaps_it_leaves_in_words) {
  const LoadMetadata metadata{{"X-User", "a"}, {"X-Plan", "red"}};
  EXPECT_EQ(presentable("failed to connect to all addresses", metadata),
            "failed to connect to all addresses");
  EXPECT_EQ(presentable("user a (plan=red) is a stranger", metadata),
            "user [redacted] (plan=[redacted]) is [redacted] stranger");
  EXPECT_EQ(presentable("red", metadata), "[redacted]");
}

TEST(Presentable, what_was_put_in_the_place_of_a_value_is_left_alone) {
  const LoadMetadata metadata{{"Authorization", "abcdef123"}, {"X-User", "redacted"}};
  EXPECT_EQ(presentable("abcdef123 of redacted", metadata), "[redacted] of [redacted]");
}

TEST(Presentable, values_that_overlap_leave_no_rest) {
  const LoadMetadata metadata{{"A", "abcdef"}, {"B", "defghijk"}};
  EXPECT_EQ(presentable("got abcdefghijk", metadata), "got [redacted]");
  EXPECT_EQ(presentable("aaaaaaaa!", {{"A", "aaaaaaa"}}), "[redacted]!");
}

TEST(Presentable, a_short_value_is_not_looked_for_in_what_hides_another) {
  const LoadMetadata metadata{{"A", "secret"}, {"B", "e"}, {"C", "d"}};
  EXPECT_EQ(presentable("a secret d", metadata), "a [redacted] [redacted]");
}

TEST(Presentable, empty_values_change_nothing) {
  EXPECT_EQ(presentable("a message", {{"A", ""}}), "a message");
}

TEST(Presentable, bytes_that_are_not_utf8_become_question_marks) {
  EXPECT_EQ(presentable("caf\xe9", {}), "caf?");
  EXPECT_EQ(presentable("caf\xc3\xa9", {}), "caf\xc3\xa9");
}

TEST(Presentable, long_messages_are_cut_between_characters) {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "\xe2\x82\xac";
  const auto text = presentable(message, {});
  EXPECT_LE(text.size(), 1027u);
  EXPECT_TRUE(is_valid_utf8(text));
}

}  // namespace
}  // namespace slate
