#include "exec/sort_key.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace slate {
namespace {

TEST(SortBuffer, orders_by_the_whole_key_and_then_by_docid) {
  std::mt19937 random(3);
  std::vector<std::pair<std::string, DocId>> expected;
  SortBuffer buffer;
  for (DocId docid = 0; docid < 3000; ++docid) {
    // Keys that differ only beyond their sixteenth byte, short ones, and equal ones; none is a prefix of
    // another.
    std::string key(random() % 3 * 9, static_cast<char>(random() % 2));
    key += std::to_string(random() % 50) + std::string("\0\x01", 2);
    expected.emplace_back(key, 3000 - docid);
    buffer.add(key, 3000 - docid);
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
  std::vector<DocId> docids = buffer.docids();
  EXPECT_TRUE(std::ranges::is_sorted(docids));
}

}  // namespace
}  // namespace slate
