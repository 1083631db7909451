#include "model/name.h"

#include <array>
#include <gtest/gtest.h>

#include "model/coerce.h"

namespace slate {
namespace {

constexpr std::array<std::string_view, 4> kMembers{"ttlSeconds", "items", "name", "type"};

TEST(Name, letters_digits_underscores_and_dashes_make_a_name) {
  for (const auto& name :
       {std::string("a"), std::string("Z9_-"), std::string("contacts_count"), std::string(63, 'a')})
    EXPECT_TRUE(validate_name(name, "the name").has_value()) << name;
}

TEST(Name, anything_else_is_refused) {
  for (const auto& name : {std::string(), std::string("_id"), std::string("9a"), std::string("-a"),
                           std::string("a.b"), std::string("a b"), std::string("\xc3\xa4"),
                           std::string("a\0b", 3), std::string("a/b"), std::string(64, 'a')}) {
    const auto valid = validate_name(name, "the name");
    ASSERT_FALSE(valid.has_value()) << name;
    EXPECT_EQ(valid.error().reason(), Reason::kInvalidArgument);
  }
}

TEST(Name, a_reserved_name_is_said_to_be_reserved) {
  EXPECT_NE(validate_name("_rows", "the name").error().message().find("reserved"), std::string::npos);
}

TEST(NearMiss, finds_other_spellings_and_slips) {
  EXPECT_EQ(near_miss("ttl_seconds", kMembers), "ttlSeconds");
  EXPECT_EQ(near_miss("TTLSECONDS", kMembers), "ttlSeconds");
  EXPECT_EQ(near_miss("itmes", kMembers), "items");
  EXPECT_EQ(near_miss("nam", kMembers), "name");
}

TEST(NearMiss, finds_nothing_in_what_is_far_away) {
  EXPECT_EQ(near_miss("endpoint", kMembers), std::nullopt);
  EXPECT_EQ(near_miss("", kMembers), std::nullopt);
  EXPECT_EQ(near_miss(std::string(1 << 20, 'n'), kMembers), std::nullopt);
  EXPECT_EQ(near_miss("a", {}), std::nullopt);
}

TEST(NearMiss, the_hint_is_empty_when_there_is_none) {
  EXPECT_EQ(near_miss_hint("nmae", kMembers), "");
  EXPECT_EQ(near_miss_hint("nme", kMembers), "did you mean \"name\"?");
}

TEST(Shown, hostile_text_becomes_printable_and_short) {
  EXPECT_EQ(quoted("status"), "\"status\"");
  EXPECT_EQ(shown("a\nb\x7f"), "a?b?");
  EXPECT_EQ(shown("\xff\xfe!"), "?\?!");
  EXPECT_EQ(shown(std::string(1000, 'x')), std::string(64, 'x') + "...");
}

TEST(Shown, a_character_at_the_cut_goes_whole) {
  const auto text = shown(std::string(63, 'x') + "\xc3\xa4\xc3\xa4");
  EXPECT_EQ(text, std::string(63, 'x') + "...");
  EXPECT_TRUE(is_valid_utf8(text));
}

}  // namespace
}  // namespace slate
