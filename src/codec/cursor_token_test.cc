#include "codec/cursor_token.h"

#include <gtest/gtest.h>

namespace slate {
namespace {

CursorKey key(unsigned char seed) {
  CursorKey made;
  made.fill(seed);
  return made;
}

CursorToken example() {
  return {
      .previous = true, .generation = 7, .query = 99, .docid = 1234567, .values = std::string("abc\0d", 5)};
}

TEST(CursorToken, what_was_sealed_is_read_back) {
  EXPECT_EQ(unseal(seal(example(), key(1)), key(1)).value(), example());
  const CursorToken bare{};
  EXPECT_EQ(unseal(seal(bare, key(1)), key(1)).value(), bare);
}

TEST(CursorToken, the_longest_one_fits_and_is_safe_in_a_url) {
  const CursorToken longest{.has_digest = true,
                            .generation = UINT64_MAX,
                            .query = UINT64_MAX,
                            .docid = UINT64_MAX,
                            .values = std::string(kMostCursorValueBytes, '\xff')};
  const std::string text = seal(longest, key(1));
  EXPECT_LE(text.size(), kMostCursorBytes);
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_EQ(unseal(text, key(1)).value(), longest);
}

TEST(CursorToken, another_key_or_a_changed_character_is_refused) {
  const std::string text = seal(example(), key(1));
  EXPECT_EQ(unseal(text, key(2)).error().field(), "cursor");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto read = unseal(changed, key(1));
    // The last character may hold bits that mean nothing.
    if (read) {
      EXPECT_EQ(*read, example()) << i;
    } else {
      EXPECT_EQ(read.error().reason(), Reason::kInvalidArgument) << i;
    }
  }
}

// Cursors that were given out before an upgrade go on.
TEST(CursorToken, its_bytes_are_those_of_the_first_version) {
  EXPECT_EQ(seal(example(), key(1)),
            "AQEAAAAAAAAHAAAAAAAAAGMAAAAAAAAAh9YSAAAAAABhYmMAZMmUSQ3Fbb8dPkSHbvCE6Rg");
}

TEST(CursorToken, keys_may_take_turns) {
  const std::string first = seal(example(), key(1));
  const std::string second = seal(example(), key(2));
  EXPECT_NE(first, second);
  EXPECT_EQ(seal(example(), key(1)), first);
  EXPECT_EQ(unseal(second, key(2)).value(), example());
  EXPECT_EQ(unseal(first, key(1)).value(), example());
}

TEST(CursorToken, anything_else_is_refused) {
  for (const std::string_view text : {"", "A", "AA", "====", "not a cursor", "\xff\xfe",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    EXPECT_EQ(unseal(text, key(1)).error().field(), "cursor") << text;
  EXPECT_FALSE(unseal(std::string(1 << 20, 'A'), key(1)).has_value());
  const std::string text = seal(example(), key(1));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(unseal(text.substr(0, size), key(1)).has_value()) << size;
}

TEST(CursorToken, two_new_keys_differ) { EXPECT_NE(make_cursor_key().value(), make_cursor_key().value()); }

}  // namespace
}  // namespace slate
