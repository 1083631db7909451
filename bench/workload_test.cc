#include "bench/workload.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <variant>

#include "bench/run.h"

namespace slate::bench {
namespace {

// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      value_ ^= static_cast<unsigned char>(byte);
      value_ *= 1'099'511'628'211ULL;
    }
    value_ ^= 0xff;  // so that "ab","c" and "a","bc" differ
    value_ *= 1'099'511'628'211ULL;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14'695'981'039'346'656'037ULL;
};

std::uint64_t hash_of(const Workload& workload, std::size_t records) {
  Hash hash;
  for (std::size_t i = 0; i < records; ++i) {
    hash.add(workload.id(i));
    hash.add(workload.name(i));
    hash.add(workload.status(i));
    hash.add(std::to_string(workload.contacts_count(i)));
    for (const std::size_t which : {1, 2, 3}) hash.add(workload.recommendation(i, which));
    const auto date = workload.last_contacted_at(i);
    hash.add(date ? std::to_string(date->seconds) : "null");
    hash.add(workload.notes(i).value_or("null"));
  }
  return hash.value();
}

TEST(Workload, is_the_same_on_every_machine) {
  EXPECT_EQ(hash_of(Workload(1'000), 1'000), 10'256'962'021'426'548'158ULL);
}

TEST(Workload, begins_with_the_records_of_a_smaller_one) {
  EXPECT_EQ(hash_of(Workload(5'000), 1'000), hash_of(Workload(1'000), 1'000));
}

TEST(Workload, has_the_shares_of_the_performance_page) {
  const Workload workload(20'000);
  std::size_t active = 0, uncontacted = 0, without_notes = 0;
  std::set<std::int64_t> counts;
  std::set<std::string_view> products;
  for (std::size_t i = 0; i < workload.size(); ++i) {
    active += workload.status(i) == "active" ? 1 : 0;
    uncontacted += workload.last_contacted_at(i) ? 0 : 1;
    without_notes += workload.notes(i) ? 0 : 1;
    counts.insert(workload.contacts_count(i));
    for (const std::size_t which : {1, 2, 3}) products.insert(workload.recommendation(i, which));
  }
  EXPECT_NEAR(static_cast<double>(active), 10'000, 300);
  EXPECT_NEAR(static_cast<double>(uncontacted), 6'000, 300);
  EXPECT_NEAR(static_cast<double>(without_notes), 10'000, 300);
  EXPECT_EQ(counts.size(), 101U);
  EXPECT_EQ(*counts.begin(), 0);
  EXPECT_EQ(*counts.rbegin(), 100);
  EXPECT_EQ(products.size(), 9U);
}

TEST(Workload, a_write_and_a_bulk_row_hold_the_same_cells) {
  const Workload workload(200);
  const Datasource datasource = workload_datasource("w", Durability::kOs);
  std::array<CellRef, kWorkloadFields> room;
  for (std::size_t i = 0; i < workload.size(); ++i) {
    const RecordWrite write = workload.write(i);
    const auto cells = workload.cells(i, room);
    ASSERT_EQ(cells.size(), write.cells.size());
    for (std::size_t c = 0; c < cells.size(); ++c) {
      EXPECT_EQ(datasource.fields[cells[c].field].name, write.cells[c].first);
      if (const auto* text = std::get_if<std::string_view>(&cells[c].value))
        EXPECT_EQ(Value(*text), write.cells[c].second);
      else if (const auto* number = std::get_if<std::int64_t>(&cells[c].value))
        EXPECT_EQ(Value(*number), write.cells[c].second);
      else
        EXPECT_EQ(Value(std::get<Date>(cells[c].value)), write.cells[c].second);
    }
  }
}

TEST(Workload, its_datasource_is_valid) {
  const auto valid = validate(workload_datasource("w", Durability::kOs));
  EXPECT_TRUE(valid) << valid.error().to_string();
}

TEST(Workload, asks_eighteen_questions_by_their_names) {
  const auto queries = workload_queries();
  ASSERT_EQ(queries.size(), 18U);
  for (std::size_t i = 0; i < queries.size(); ++i) EXPECT_EQ(queries[i].name, "Q" + std::to_string(i + 1));
  EXPECT_EQ(line_names().size(), 21U);
}

TEST(Workload, positions_are_below_the_number_of_records_and_stay_the_same) {
  const auto positions = random_positions(1'000, 10);
  EXPECT_EQ(positions, random_positions(1'000, 10));
  EXPECT_EQ(std::set<std::size_t>(positions.begin(), positions.end()).size(), 10U);
  EXPECT_EQ(std::ranges::max(positions), 9U);
}

TEST(Median, is_the_middle_or_the_mean_of_the_middle_two) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 100, 2}), 3);
}

TEST(ReadCells, sums_selected_rows_and_skips_nulls) {
  static constexpr std::array<std::uint8_t, 3> kDeltas{1, 2, 40};
  static constexpr std::uint64_t kValid = 0b101;
  const ColumnView number{.type = Type::kInt,
                          .encoding = Encoding::kInteger,
                          .width = 1,
                          .base = 100,
                          .data = reinterpret_cast<const std::byte*>(kDeltas.data()),
                          .validity = &kValid};
  const std::array<ColumnView, 1> columns{number};
  const std::array<std::uint16_t, 2> rows{1, 2};
  EXPECT_EQ(read_cells({.id = {}, .columns = columns, .rows = rows}), 140U);
}

TEST(ReadCells, reads_the_length_and_both_ends_of_a_text) {
  static constexpr std::string_view kBytes = "abcxy";
  static constexpr std::array<std::uint8_t, 3> kOffsets{0, 3, 5};
  const ColumnView text{.type = Type::kString,
                        .encoding = Encoding::kPlain,
                        .width = 1,
                        .data = reinterpret_cast<const std::byte*>(kOffsets.data()),
                        .bytes = kBytes.data()};
  const std::array<std::uint16_t, 2> rows{0, 1};
  EXPECT_EQ(read_cells({.id = text, .columns = {}, .rows = rows}), 3U + 'a' + 'c' + 2U + 'x' + 'y');
}

}  // namespace
}  // namespace slate::bench
