#include "codec/statistics.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace slate {
namespace {

// Bytes where a view may read them.
class Aligned {
 public:
  explicit Aligned(std::string_view bytes) : words_(bytes.size() / 8 + 1), size_(bytes.size()) {
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }
  std::span<const std::byte> span() const {
    return {reinterpret_cast<const std::byte*>(words_.data()), size_};
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

std::string sample_block() {
  ColumnBuffer numbers(Type::kInt);
  ColumnBuffer texts(Type::kString);
  numbers.resize(20);
  texts.resize(20);
  for (std::size_t row = 0; row < 20; ++row) {
    numbers.set_integer(row, static_cast<std::int64_t>(row) * 1000);
    texts.set_text(row, row % 3 == 0 ? "active" : "rejected");
  }
  BlockWriter writer(0, 20, {}, 2);
  writer.add(2, numbers, 0, 20);
  writer.add(5, texts, 0, 20);
  return writer.finish();
}

std::string example() {
  const ColumnStatistics columns[] = {
      {.field = 2, .distinct = 20}, {.field = 5, .distinct = 2.5}, {.field = 9, .distinct = 0}};
  return encode_statistics(1234, columns, sample_block());
}

TEST(Statistics, what_was_encoded_is_read_back) {
  const Aligned bytes(example());
  const StatisticsView view = StatisticsView::verify(bytes.span()).value();
  EXPECT_EQ(view.rows(), 1234u);
  ASSERT_EQ(view.columns().size(), 3u);
  ASSERT_NE(view.find(5), nullptr);
  EXPECT_EQ(view.find(5)->distinct, 2.5);
  EXPECT_EQ(view.find(2)->distinct, 20);
  for (const FieldId unknown : {0u, 1u, 3u, 10u, 0xffff'ffffu})
    EXPECT_EQ(view.find(unknown), nullptr) << unknown;
  ASSERT_TRUE(view.sample().has_value());
  EXPECT_EQ(view.sample()->row_count(), 20u);
  EXPECT_EQ(view.sample()->column(2, Type::kInt).integer(7), 7000);
  EXPECT_EQ(view.sample()->column(5, Type::kString).text(3), "active");
  EXPECT_EQ(StatisticsView::trusted(bytes.span()).find(2)->distinct, 20);
}

TEST(Statistics, those_of_an_empty_generation_have_no_sample) {
  const Aligned bytes(encode_statistics(0, {}, ""));
  const StatisticsView view = StatisticsView::verify(bytes.span()).value();
  EXPECT_FALSE(view.sample().has_value());
  EXPECT_EQ(view.find(1), nullptr);
}

TEST(Statistics, columns_out_of_order_or_of_another_version_are_refused) {
  const ColumnStatistics twice[] = {{.field = 5}, {.field = 5}};
  const Aligned repeated(encode_statistics(1, twice, ""));
  EXPECT_EQ(StatisticsView::verify(repeated.span()).error().reason(), Reason::kCorrupt);
  std::string text = example();
  text[0] = 3;
  const Aligned newer(text);
  EXPECT_EQ(StatisticsView::verify(newer.span()).error().reason(), Reason::kCorrupt);
}

// Everything that a planner may read of them.
double read_all(const StatisticsView& view) {
  double sum = 0;
  for (const ColumnStatistics& column : view.columns()) sum += view.find(column.field)->distinct;
  if (const auto sample = view.sample())
    for (const ColumnEntry& entry : sample->entries())
      for (std::uint32_t row = 0; row < sample->row_count(); ++row)
        sum += sample->column(entry).value(row).is_null() ? 1 : 0;
  return sum;
}

TEST(Statistics, any_truncation_is_refused_or_read_within_its_bytes) {
  const std::string whole = example();
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Aligned bytes(whole.substr(0, size));
    const auto view = StatisticsView::verify(bytes.span());
    if (!view) {
      EXPECT_EQ(view.error().reason(), Reason::kCorrupt) << size;
      continue;
    }
    ++accepted;
    (void)read_all(*view);
  }
  // Where the sample is cut off whole, nothing tells that there was one.
  EXPECT_EQ(accepted, 1u);
}

TEST(Statistics, flipped_bits_are_refused_or_read_within_their_bytes) {
  const std::string whole = example();
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const Aligned bytes(changed);
    const auto view = StatisticsView::verify(bytes.span());
    refused += view ? 0 : 1;
    if (view) (void)read_all(*view);
  }
  EXPECT_GT(refused, sample_block().size() * 7) << "the sample has a checksum";
}

TEST(Statistics, distinct_values_are_estimated_between_those_seen_and_all_rows) {
  EXPECT_EQ(estimate_distinct(0, 0, 0, 0), 0);
  EXPECT_EQ(estimate_distinct(500, 500, 37, 5), 37);     // all rows were looked at
  EXPECT_EQ(estimate_distinct(100'000, 1000, 2, 0), 2);  // every value was seen often
  EXPECT_NEAR(estimate_distinct(100'000, 1000, 1000, 1000), 100'000, 1);
  const double some = estimate_distinct(100'000, 1000, 600, 400);
  EXPECT_GT(some, 600);
  EXPECT_LT(some, 100'000);
}

// Of a known number of values, drawn evenly and looked at by a sample.
TEST(Statistics, the_estimate_of_distinct_values_is_near_for_even_ones) {
  std::mt19937_64 random(3);
  for (const std::size_t values : {10u, 100u, 1000u, 10'000u}) {
    std::vector<int> seen(values);
    for (int i = 0; i < 1000; ++i) ++seen[random() % values];
    const auto distinct = static_cast<double>(std::ranges::count_if(seen, [](int n) { return n > 0; }));
    const auto once = static_cast<double>(std::ranges::count(seen, 1));
    const double estimate = estimate_distinct(100'000, 1000, distinct, once);
    EXPECT_GT(estimate, static_cast<double>(values) / 2) << values;
    EXPECT_LT(estimate, static_cast<double>(values) * 2) << values;
  }
}

}  // namespace
}  // namespace slate
