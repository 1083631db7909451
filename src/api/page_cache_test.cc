#include "api/page_cache.h"

#include <gtest/gtest.h>
#include <string>

namespace slate::api {
namespace {

AnswerIdentity identity(std::uint8_t number) {
  AnswerIdentity made;
  made.bits[0] = number;
  return made;
}

TEST(PageCache, kept_body_is_found_by_its_identity_only) {
  PageCache cache(1 << 20);
  EXPECT_EQ(cache.find(identity(1)), nullptr);
  cache.put(identity(1), "one");
  ASSERT_NE(cache.find(identity(1)), nullptr);
  EXPECT_EQ(*cache.find(identity(1)), "one");
  EXPECT_EQ(cache.find(identity(2)), nullptr);
  const auto stats = cache.stats();
  EXPECT_EQ(stats.hits, 2u);
  EXPECT_EQ(stats.misses, 2u);
  EXPECT_EQ(stats.entries, 1u);
  EXPECT_GT(stats.bytes, 3u);
}

TEST(PageCache, what_was_not_asked_for_longest_goes_first_and_the_limit_holds) {
  constexpr std::size_t kLimit = 20'000;
  PageCache cache(kLimit);
  const std::string body(1000, 'x');
  for (std::uint8_t i = 0; i < 100; ++i) {
    cache.put(identity(i), body);
    ASSERT_NE(cache.find(identity(0)), nullptr) << "asked for all the time";
    ASSERT_LE(cache.stats().bytes, kLimit);
  }
  EXPECT_EQ(cache.find(identity(1)), nullptr);
  EXPECT_NE(cache.find(identity(99)), nullptr);
  EXPECT_GT(cache.stats().entries, 10u);
}

TEST(PageCache, body_that_would_push_out_all_others_is_passed_over) {
  PageCache cache(8'000);
  cache.put(identity(1), std::string(1000, 'x'));
  EXPECT_EQ(cache.find(identity(1)), nullptr);
}

TEST(PageCache, cache_of_nothing_keeps_and_counts_nothing) {
  PageCache cache(0);
  cache.put(identity(1), "");
  EXPECT_EQ(cache.find(identity(1)), nullptr);
  EXPECT_EQ(cache.stats().misses, 0u);
  EXPECT_EQ(cache.stats().entries, 0u);
}

}  // namespace
}  // namespace slate::api
