#include "codec/frequencies.h"

#include <gmock/gmock.h>
#include <map>
#include <optional>
#include <random>

#include "codec/block.h"
#include "codec/key.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr FieldId kField = 7;

std::string key_of(std::string_view text) {
  KeyBuilder key;
  key.add_text(text, Direction::kAscending);
  return std::string(key.bytes());
}
std::string key_of(std::int64_t number) {
  KeyBuilder key;
  key.add_integer(number, Direction::kAscending);
  return std::string(key.bytes());
}

// A column in a block of its own; nothing stands for null.
class StoredColumn {
 public:
  template <typename T>
  StoredColumn(Type type, const std::vector<std::optional<T>>& cells)
      : rows_(static_cast<std::uint32_t>(cells.size())) {
    ColumnBuffer buffer(type);
    buffer.resize(cells.size());
    for (std::size_t row = 0; row < cells.size(); ++row) {
      if (!cells[row]) continue;
      if constexpr (std::is_same_v<T, std::string>)
        buffer.set_text(row, *cells[row]);
      else if constexpr (std::is_same_v<T, double>)
        buffer.set_real(row, *cells[row]);
      else
        buffer.set_integer(row, *cells[row]);
    }
    BlockWriter writer(0, rows_, {}, 1);
    writer.add(kField, buffer, 0, rows_);
    bytes_ = writer.finish();
    type_ = type;
  }
  ColumnView view() const {
    return BlockView::trusted(reinterpret_cast<const std::byte*>(bytes_.data())).column(kField, type_);
  }
  std::uint32_t rows() const { return rows_; }

 private:
  std::string bytes_;
  std::uint32_t rows_;
  Type type_;
};

using Texts = std::vector<std::optional<std::string>>;
using Integers = std::vector<std::optional<std::int64_t>>;
using Reals = std::vector<std::optional<double>>;

void add(Frequencies& frequencies, const StoredColumn& column) {
  frequencies.add(column.view(), {0, column.rows()});
}
void subtract(Frequencies& frequencies, const StoredColumn& column) {
  const auto subtracted = frequencies.subtract(column.view(), {0, column.rows()});
  ASSERT_TRUE(subtracted.has_value()) << subtracted.error().to_string();
}

TEST(Frequencies, texts_are_counted_by_value_and_nulls_are_not) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"b", "a", std::nullopt, "b", "b"}});
  EXPECT_THAT(frequencies.values(), ElementsAre(ValueCount{key_of("a"), 1}, ValueCount{key_of("b"), 3}));
  EXPECT_EQ(frequencies.present(), 4u);
}

TEST(Frequencies, numbers_of_every_width_are_counted_in_their_order) {
  Frequencies frequencies;
  add(frequencies, {Type::kInt, Integers{5, -3, 5}});
  add(frequencies, {Type::kInt, Integers{INT64_MIN, INT64_MAX, 5, 70'000}});
  add(frequencies, {Type::kInt, Integers{9, 9, 9}});
  EXPECT_THAT(frequencies.values(),
              ElementsAre(ValueCount{key_of(INT64_MIN), 1}, ValueCount{key_of(std::int64_t{-3}), 1},
                          ValueCount{key_of(std::int64_t{5}), 3}, ValueCount{key_of(std::int64_t{9}), 3},
                          ValueCount{key_of(std::int64_t{70'000}), 1}, ValueCount{key_of(INT64_MAX), 1}));
}

TEST(Frequencies, a_column_of_nulls_changes_nothing) {
  Frequencies frequencies;
  add(frequencies, {Type::kFloat, Reals{std::nullopt, std::nullopt}});
  EXPECT_EQ(frequencies.present(), 0u);
  EXPECT_THAT(frequencies.values(), IsEmpty());
  EXPECT_EQ(frequencies.detail(), FrequencyDetail::kValues);
}

TEST(Frequencies, what_was_counted_in_can_be_counted_out_again) {
  Frequencies frequencies;
  const StoredColumn first(Type::kFloat, Reals{0.5, 0.5, std::nullopt, -1.0});
  const StoredColumn second(Type::kFloat, Reals{0.5, 2.0});
  add(frequencies, first);
  add(frequencies, second);
  subtract(frequencies, first);
  EXPECT_EQ(frequencies.present(), 2u);
  EXPECT_EQ(frequencies.values().size(), 2u);
  subtract(frequencies, second);
  EXPECT_EQ(frequencies.present(), 0u);
  EXPECT_THAT(frequencies.values(), IsEmpty());
}

TEST(Frequencies, the_parts_of_a_column_add_up_to_the_whole_wherever_it_is_cut) {
  Texts cells;
  for (int row = 0; row < 200; ++row)
    cells.push_back(row % 7 == 0 ? std::nullopt
                                 : std::optional(std::string(1, static_cast<char>('a' + row % 5))));
  const StoredColumn column(Type::kString, cells);
  Frequencies whole;
  add(whole, column);
  for (const std::uint32_t cut : {0U, 1U, 5U, 63U, 64U, 65U, 130U, 195U, 199U, 200U}) {
    Frequencies parts;
    parts.add(column.view(), {0, cut});
    parts.add(column.view(), {cut, 200});
    EXPECT_EQ(parts.encode(), whole.encode()) << "cut at " << cut;
    ASSERT_TRUE(parts.subtract(column.view(), {cut, 200}).has_value());
    ASSERT_TRUE(parts.subtract(column.view(), {0, cut}).has_value());
    EXPECT_EQ(parts.encode(), Frequencies().encode()) << "cut at " << cut;
  }
}

TEST(Frequencies, counting_out_what_is_not_there_is_an_error) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"a", "a"}});
  const StoredColumn other(Type::kString, Texts{"b"});
  const StoredColumn more(Type::kString, Texts{"a", "a", "a"});
  EXPECT_EQ(frequencies.subtract(other.view(), {0, 1}).error().reason(), Reason::kCorrupt);
  EXPECT_EQ(frequencies.subtract(more.view(), {0, 3}).error().reason(), Reason::kCorrupt);
}

TEST(Frequencies, too_many_values_leave_how_many_cells_have_one) {
  Frequencies frequencies;
  std::uint64_t cells = 0;
  for (std::int64_t block = 0; block < 10; ++block) {
    Integers numbers;
    for (std::int64_t i = 0; i < 100; ++i) numbers.emplace_back(block * 100 + i);
    add(frequencies, {Type::kInt, numbers});
    cells += numbers.size();
    EXPECT_LE(frequencies.encode().size(), Frequencies::kMostBytes);
  }
  EXPECT_EQ(frequencies.detail(), FrequencyDetail::kPresence);
  EXPECT_EQ(frequencies.present(), cells);
  subtract(frequencies, {Type::kInt, Integers{1, 2, std::nullopt}});
  EXPECT_EQ(frequencies.present(), cells - 2);
}

TEST(Frequencies, two_hundred_numbers_fit) {
  Frequencies frequencies;
  Integers numbers;
  for (std::int64_t i = 0; i < 200; ++i) numbers.emplace_back(i);
  add(frequencies, {Type::kInt, numbers});
  EXPECT_EQ(frequencies.values().size(), 200u);
}

TEST(Frequencies, a_long_text_is_not_kept) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"short"}});
  add(frequencies, {Type::kString, Texts{std::string(300, 'x')}});
  EXPECT_EQ(frequencies.detail(), FrequencyDetail::kPresence);
  EXPECT_EQ(frequencies.present(), 2u);
}

TEST(Frequencies, what_was_forgotten_stays_forgotten) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"a"}});
  frequencies.forget();
  add(frequencies, {Type::kString, Texts{"a"}});
  subtract(frequencies, {Type::kString, Texts{"b"}});
  EXPECT_EQ(frequencies.detail(), FrequencyDetail::kNothing);
  EXPECT_EQ(Frequencies::decode(frequencies.encode())->detail(), FrequencyDetail::kNothing);
}

TEST(Frequencies, random_columns_come_to_what_a_map_counts) {
  std::mt19937 random(11);
  Frequencies frequencies;
  std::map<std::string, std::uint64_t> expected;
  std::vector<StoredColumn> in;
  for (int step = 0; step < 200; ++step) {
    if (!in.empty() && random() % 3 == 0) {
      const std::size_t at = random() % in.size();
      const ColumnView view = in[at].view();
      for (std::size_t row = 0; row < in[at].rows(); ++row)
        if (!view.is_null(row)) --expected[key_of(view.text(row))];
      subtract(frequencies, in[at]);
      in.erase(in.begin() + static_cast<std::ptrdiff_t>(at));
      continue;
    }
    Texts texts;
    for (std::size_t row = random() % 300 + 1; row > 0; --row) {
      texts.push_back(random() % 5 == 0 ? std::nullopt : std::optional(std::string(random() % 12, 'v')));
      if (texts.back()) ++expected[key_of(*texts.back())];
    }
    add(frequencies, in.emplace_back(Type::kString, texts));
  }
  std::vector<ValueCount> counted;
  for (const auto& [key, count] : expected)
    if (count > 0) counted.push_back({.key = key, .count = count});
  EXPECT_THAT(frequencies.values(), testing::ElementsAreArray(counted));
}

TEST(Frequencies, their_bytes_are_golden) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"b", "a", "b"}});
  const std::string bytes = frequencies.encode();
  EXPECT_EQ(bytes, std::string("\0\0\0\0\2\0\0\0\3\0\0\0\0\0\0\0"
                               "\1\0\0\0\0\0\0\0\4\2a\0\1"
                               "\2\0\0\0\0\0\0\0\4\2b\0\1",
                               42));
  const auto again = Frequencies::decode(bytes);
  ASSERT_TRUE(again.has_value());
  EXPECT_THAT(again->values(), testing::ElementsAreArray(frequencies.values()));
}

TEST(Frequencies, damaged_bytes_are_refused) {
  Frequencies frequencies;
  add(frequencies, {Type::kString, Texts{"b", "a", "b"}});
  const std::string bytes = frequencies.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Frequencies::decode(bytes.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(Frequencies::decode(bytes + "x").has_value());
  const auto with = [&](std::size_t at, char byte) {
    std::string changed = bytes;
    changed[at] = byte;
    return Frequencies::decode(changed);
  };
  EXPECT_FALSE(with(0, 9).has_value()) << "an unknown detail";
  EXPECT_FALSE(with(0, 1).has_value()) << "values where none are kept";
  EXPECT_FALSE(with(4, 1).has_value()) << "fewer values than there are";
  EXPECT_FALSE(with(7, '\xff').has_value()) << "far more values than there are";
  EXPECT_FALSE(with(8, 4).has_value()) << "counts that do not add up";
  EXPECT_FALSE(with(16, 0).has_value()) << "a value that no cell has";
  EXPECT_FALSE(with(26, 'c').has_value()) << "values out of order";
}

}  // namespace
}  // namespace slate
