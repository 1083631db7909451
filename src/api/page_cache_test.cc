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

constexpr auto kPlain = http::Coding::kIdentity;
constexpr auto kGzip = http::Coding::kGzip;

Page page(std::string body, http::Coding coding = kPlain) {
  return {.body = std::make_shared<const std::string>(std::move(body)), .coding = coding};
}

TEST(PageCache, kept_page_is_found_by_its_identity_and_coding_only) {
  PageCache cache(1 << 20);
  EXPECT_EQ(cache.find(identity(1), kPlain).body, nullptr);
  cache.put(identity(1), kPlain, page("one"));
  ASSERT_NE(cache.find(identity(1), kPlain).body, nullptr);
  EXPECT_EQ(*cache.find(identity(1), kPlain).body, "one");
  EXPECT_EQ(cache.find(identity(2), kPlain).body, nullptr);
  EXPECT_EQ(cache.find(identity(1), kGzip).body, nullptr);
  cache.put(identity(1), kGzip, page("1", kGzip));
  EXPECT_EQ(*cache.find(identity(1), kGzip).body, "1");
  EXPECT_EQ(cache.find(identity(1), kGzip).coding, kGzip);
  EXPECT_EQ(*cache.find(identity(1), kPlain).body, "one");
  const auto stats = cache.stats();
  EXPECT_EQ(stats.hits, 5u);
  EXPECT_EQ(stats.misses, 2u) << "those that were made";
  EXPECT_EQ(stats.entries, 2u);
  EXPECT_GT(stats.bytes, 4u);
}

TEST(PageCache, what_was_not_asked_for_longest_goes_first_and_the_limit_holds) {
  constexpr std::size_t kLimit = 20'000;
  PageCache cache(kLimit);
  const std::string body(1000, 'x');
  for (std::uint8_t i = 0; i < 100; ++i) {
    cache.put(identity(i), kPlain, page(body));
    ASSERT_NE(cache.find(identity(0), kPlain).body, nullptr) << "asked for all the time";
    ASSERT_LE(cache.stats().bytes, kLimit);
  }
  EXPECT_EQ(cache.find(identity(1), kPlain).body, nullptr);
  EXPECT_NE(cache.find(identity(99), kPlain).body, nullptr);
  EXPECT_GT(cache.stats().entries, 10u);
}

TEST(PageCache, page_that_would_push_out_all_others_is_passed_over) {
  PageCache cache(8'000);
  cache.put(identity(1), kPlain, page(std::string(1000, 'x')));
  EXPECT_EQ(cache.find(identity(1), kPlain).body, nullptr);
}

TEST(PageCache, cache_of_nothing_keeps_and_counts_nothing) {
  PageCache cache(0);
  cache.put(identity(1), kPlain, page(""));
  EXPECT_EQ(cache.find(identity(1), kPlain).body, nullptr);
  EXPECT_EQ(cache.stats().misses, 0u);
  EXPECT_EQ(cache.stats().entries, 0u);
}

}  // namespace
}  // namespace slate::api
