#include "exec/sort_buffer.h"

#include <algorithm>
#include <bit>
#include <gtest/gtest.h>
#include <random>

namespace slate {
namespace {

// With docids that fall and that rise: the ways to sort differ.
class SortBufferOrder : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Docids, SortBufferOrder, testing::Values(0, 3000));

TEST_P(SortBufferOrder, is_by_the_whole_key_and_then_by_docid) {
  const std::uint64_t falling_from = GetParam();
  std::mt19937 random(3);
  std::vector<std::pair<std::string, DocId>> expected;
  SortBuffer buffer;
  for (DocId docid = 0; docid < 3000; ++docid) {
    // Keys that differ only beyond their sixteenth byte, short ones, and equal ones; none is a prefix of
    // another.
    std::string key(random() % 3 * 9, static_cast<char>(random() % 2));
    key += std::to_string(random() % 50) + std::string("\0\x01", 2);
    expected.emplace_back(key, falling_from > 0 ? falling_from - docid : docid);
    buffer.add(key, expected.back().second);
  }
  std::ranges::sort(expected, [](const auto& a, const auto& b) {
    const int order = a.first.compare(b.first);
    return order != 0 ? order < 0 : a.second < b.second;
  });
  buffer.sort();
  ASSERT_EQ(buffer.size(), expected.size());
  std::string key;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    buffer.key(i, key);
    ASSERT_EQ(key, expected[i].first);
    ASSERT_EQ(buffer.docid(i), expected[i].second);
  }
}

TEST(SortBuffer, short_keys_that_vary_in_few_bytes_come_by_key_and_then_by_docid) {
  for (const std::uint64_t most : {2, 300, 70'000}) {
    std::mt19937 random(5);
    std::vector<std::pair<std::uint64_t, DocId>> expected;
    SortBuffer buffer;
    for (DocId docid = 0; docid < 2000; ++docid) {
      expected.emplace_back(random() % most, docid);
      const std::uint64_t image = std::byteswap(expected.back().first);
      buffer.add({reinterpret_cast<const char*>(&image), sizeof(image)}, docid);
    }
    std::ranges::sort(expected);
    buffer.sort();
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(buffer.docid(i), expected[i].second);
  }
}

TEST(SortBuffer, uses_no_memory_for_what_was_cleared) {
  SortBuffer buffer;
  for (DocId docid = 0; docid < 1000; ++docid) buffer.add(std::string(40, 'k'), docid);
  EXPECT_GT(buffer.used_bytes(), 1000u * 24);
  buffer.clear();
  EXPECT_EQ(buffer.used_bytes(), 0u);
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(SortBuffer, keys_added_in_order_need_no_sorting_and_stay) {
  SortBuffer buffer;
  for (DocId docid = 0; docid < 100; ++docid) buffer.add("same\0\x01", docid);
  buffer.sort();
  for (std::size_t i = 0; i < buffer.size(); ++i) EXPECT_EQ(buffer.docid(i), i);
}

}  // namespace
}  // namespace slate
