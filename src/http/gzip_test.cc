#include "http/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace slate::http {
namespace {

std::string encoded(std::string_view text) {
  std::string out;
  GzipEncoder::make()->add(text, GzipEncoder::Piece::kLast, out);
  return out;
}
Result<std::string> decode(std::string_view compressed, std::uint64_t limit = std::uint64_t{1} << 30) {
  return gunzip(compressed, limit, [](std::size_t) { return Result<void>(); });
}
std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

TEST(Gzip, what_is_encoded_is_decoded_whatever_its_size) {
  for (const std::size_t size : {0, 1, 100, 8191, 65'536, 1'000'000}) {
    for (const std::string& text : {std::string(size, 'x'), noise(size)}) {
      EXPECT_TRUE(decode(gzip(text).value()) == text) << size;
      EXPECT_TRUE(decode(encoded(text)) == text) << size;
    }
  }
}

TEST(Gzip, repetitive_text_becomes_much_smaller) {
  std::string rows;
  for (int i = 0; i < 10'000; ++i)
    rows += R"({"_id":")" + std::to_string(i) +
            R"(","status":"active"})"
            "\n";
  EXPECT_LT(gzip(rows).value().size(), rows.size() / 5);
  EXPECT_LT(encoded(rows).size(), rows.size() / 5);
}

TEST(Gzip, each_piece_can_be_decoded_at_once) {
  const auto encoder = GzipEncoder::make();
  std::string all;
  std::string text;
  for (int i = 0; i < 50; ++i) {
    const std::string piece = noise(static_cast<std::size_t>(i) * 500) + std::to_string(i);
    encoder->add(piece, GzipEncoder::Piece::kMore, all);
    text += piece;
    // Cut short, but all that came so far is there: the rest is an empty last piece.
    EXPECT_FALSE(decode(all));
  }
  encoder->add({}, GzipEncoder::Piece::kLast, all);
  EXPECT_TRUE(decode(all) == text);
}

TEST(Gzip, members_one_after_the_other_are_one_text) {
  EXPECT_EQ(decode(gzip("one ").value() + gzip("two ").value() + gzip("").value() + gzip("three").value())
                .value_or(""),
            "one two three");
}

TEST(Gzip, what_is_damaged_or_cut_short_is_refused) {
  const std::string good = gzip(noise(10'000)).value();
  EXPECT_EQ(decode("").error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(decode("plain text").error().reason(), Reason::kInvalidArgument);
  for (const std::size_t size : {1UL, 9UL, 10UL, 11UL, good.size() / 2, good.size() - 8, good.size() - 1})
    EXPECT_EQ(decode(good.substr(0, size)).error().reason(), Reason::kInvalidArgument) << size;
  EXPECT_EQ(decode(good + "rest").error().reason(), Reason::kInvalidArgument);
  for (const std::size_t at : {0UL, 2UL, good.size() / 2, good.size() - 6, good.size() - 2}) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    EXPECT_EQ(decode(damaged).error().reason(), Reason::kInvalidArgument) << at;
  }
}

TEST(Gzip, bomb_is_refused_before_it_takes_more_memory_than_it_may) {
  const std::string bomb = gzip(std::string(200'000'000, '\0')).value();
  ASSERT_LT(bomb.size(), 1'500'000u);
  std::size_t taken = 0;
  const auto refused = gunzip(bomb, 1'000'000, [&](std::size_t more) {
    taken += more;
    return Result<void>();
  });
  EXPECT_EQ(refused.error().reason(), Reason::kPayloadTooLarge);
  EXPECT_LE(taken, 1'000'001u);
}

TEST(Gzip, text_of_exactly_the_limit_is_taken) {
  for (const std::size_t limit : {1UL, 65'535UL, 65'536UL, 65'537UL, 300'000UL}) {
    EXPECT_TRUE(decode(gzip(std::string(limit, 'x')).value(), limit)) << limit;
    EXPECT_EQ(decode(gzip(std::string(limit + 1, 'x')).value(), limit).error().reason(),
              Reason::kPayloadTooLarge);
  }
}

TEST(Gzip, memory_that_is_not_given_ends_it) {
  const auto refused =
      gunzip(gzip(std::string(10'000'000, 'x')).value(), 100'000'000, [](std::size_t more) -> Result<void> {
        if (more > 100'000) return fail(Reason::kOverloaded, "expected in this test");
        return {};
      });
  EXPECT_EQ(refused.error().reason(), Reason::kOverloaded);
}

}  // namespace
}  // namespace slate::http
