// Plans over five million records: too many for a build with sanitizers. ./dev large runs it as built for
// release.
#include <gtest/gtest.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

constexpr std::int64_t kRows = 5'000'000;
constexpr std::int64_t kValues = 1000;

class LargeTest : public DatabaseFixture {
 protected:
  static std::string id_of(std::uint64_t i) { return std::to_string(10'000'000 + i); }

  // n goes round through its values: of each there are 5,000 rows.
  void load() {
    close();
    options_.generation_map_bytes = std::uint64_t{4} << 30;
    open();
    save({.id = "prospects",
          .fields = {{.name = "n", .type = Type::kInt, .indexed = true}},
          .durability = Durability::kOs});
    const auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    for (std::int64_t i = 0; i < kRows; ++i) {
      const CellRef cells[] = {{.field = 0, .value = i % kValues}};
      ASSERT_TRUE(builder->append(id_of(static_cast<std::uint64_t>(i)), cells).has_value());
    }
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(1).has_value());
  }
};

TEST_F(LargeTest, a_page_of_a_sort_without_a_filter_is_right_at_any_depth_and_looks_at_its_own_rows_only) {
  load();
  constexpr std::uint64_t kOfValue = kRows / kValues;
  for (const std::uint64_t skip : {std::uint64_t{0}, std::uint64_t{1'000'000}, std::uint64_t{kRows - 10}}) {
    const Query query{.sort = {{.field = "n"}}, .skip = skip, .take = 10};
    const auto from = snapshot();
    const auto rows = from->query(query).value();
    Ids got;
    while (const Batch* batch = rows->next().value())
      for (const std::uint16_t row : batch->rows) got.emplace_back(batch->id.text(row));
    Ids expected;
    for (std::uint64_t at = skip; at < skip + 10; ++at)
      expected.push_back(id_of(at % kOfValue * kValues + at / kOfValue));
    EXPECT_EQ(got, expected) << skip;
    EXPECT_LE(rows->counters().keys_examined, skip + 11) << skip;
    EXPECT_LE(rows->counters().rows_examined, 11u) << skip;
    EXPECT_LE(rows->counters().blocks_examined, 11u) << skip;
  }
}

}  // namespace
}  // namespace slate
