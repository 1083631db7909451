#include "exec/value_counter.h"

#include <gmock/gmock.h>
#include <map>
#include <numeric>

#include "codec/key.h"
#include "exec/testing/fake_interrupt.h"
#include "exec/testing/test_block.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30;
constexpr FieldId kField = 1;

using Counted = std::vector<std::pair<Value, std::uint64_t>>;

Counted pairs(const DistinctValues& found) {
  Counted counted;
  for (const DistinctValue& each : found.values) counted.emplace_back(each.value, each.count);
  return counted;
}

// The values of one column, `type` being that of its elements when it is a list.
DistinctValues count(Type type, const std::vector<Value>& values, DistinctOrder order = DistinctOrder::kValue,
                     std::uint64_t most = 1000) {
  const bool is_list = std::ranges::any_of(values, [](const Value& v) { return v.get_if<ListValue>(); });
  const Type column = is_list ? Type::kList : type;
  const TestBlock block({{.field = kField, .type = column, .values = values}});
  std::vector<std::uint16_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), std::uint16_t{0});
  ValueCounter counter(type, order, most, kPlenty);
  EXPECT_TRUE(counter.add(block.view().column(kField, column), rows).has_value());
  FakeInterrupt never;
  return std::move(counter).finish(never).value();
}

TEST(ValueCounter, counts_each_type_in_the_order_of_its_values_null_last) {
  EXPECT_THAT(pairs(count(Type::kInt, {Value(7), Value(), Value(-7), Value(7)})),
              ElementsAre(Pair(Value(-7), 1), Pair(Value(7), 2), Pair(Value(), 1)));
  EXPECT_THAT(pairs(count(Type::kInt, {Value(INT64_MIN), Value(INT64_MAX), Value(INT64_MIN)})),
              ElementsAre(Pair(Value(INT64_MIN), 2), Pair(Value(INT64_MAX), 1)));
  EXPECT_THAT(pairs(count(Type::kFloat, {Value(2.5), Value(-0.5), Value(2.5), Value(0.0)})),
              ElementsAre(Pair(Value(-0.5), 1), Pair(Value(0.0), 1), Pair(Value(2.5), 2)));
  EXPECT_THAT(pairs(count(Type::kBool, {Value(true), Value(false), Value(true), Value()})),
              ElementsAre(Pair(Value(false), 1), Pair(Value(true), 2), Pair(Value(), 1)));
  EXPECT_THAT(pairs(count(Type::kDate, {Value(Date{86'400}), Value(Date{-1}), Value(Date{86'400})})),
              ElementsAre(Pair(Value(Date{-1}), 1), Pair(Value(Date{86'400}), 2)));
  EXPECT_THAT(pairs(count(Type::kString, {Value("b"), Value(""), Value(), Value("B"), Value("b")})),
              ElementsAre(Pair(Value(""), 1), Pair(Value("B"), 1), Pair(Value("b"), 2), Pair(Value(), 1)));
}

TEST(ValueCounter, a_text_column_without_a_dictionary_counts_as_one_with_it) {
  std::vector<Value> values;
  for (int i = 0; i < 300; ++i) values.emplace_back("text " + std::to_string(i % 299) + std::string(40, 'x'));
  const TestBlock block({{.field = kField, .type = Type::kString, .values = values}});
  ASSERT_EQ(block.view().column(kField, Type::kString).encoding, Encoding::kPlain);
  const DistinctValues found = count(Type::kString, values, DistinctOrder::kCount);
  ASSERT_EQ(found.values.size(), 299u);
  EXPECT_EQ(found.values[0].value, values[0]);
  EXPECT_EQ(found.values[0].count, 2u);
  EXPECT_EQ(found.values[1].count, 1u);
}

TEST(ValueCounter, a_column_without_any_value_has_only_null) {
  EXPECT_THAT(pairs(count(Type::kString, {Value(), Value(), Value()})), ElementsAre(Pair(Value(), 3)));
}

TEST(ValueCounter, an_element_that_comes_twice_in_a_list_counts_once_for_it) {
  const auto list = [](std::initializer_list<Value> elements) { return Value(ListValue(elements)); };
  EXPECT_THAT(pairs(count(Type::kString, {list({Value("a"), Value("a"), Value("b")}), list({}), Value(),
                                          list({Value("a")})})),
              ElementsAre(Pair(Value("a"), 2), Pair(Value("b"), 1), Pair(Value(), 1)));
  EXPECT_THAT(pairs(count(Type::kInt, {list({Value(3), Value(-3), Value(3)}), list({Value(3)})})),
              ElementsAre(Pair(Value(-3), 1), Pair(Value(3), 2)));
  EXPECT_THAT(pairs(count(Type::kFloat, {list({Value(0.5), Value(0.5)}), list({Value(-1.0)})})),
              ElementsAre(Pair(Value(-1.0), 1), Pair(Value(0.5), 1)));
}

TEST(ValueCounter, the_order_of_counts_puts_the_most_frequent_first_and_ties_by_value) {
  EXPECT_THAT(pairs(count(Type::kInt, {Value(3), Value(2), Value(1), Value(2), Value(), Value()},
                          DistinctOrder::kCount)),
              ElementsAre(Pair(Value(2), 2), Pair(Value(), 2), Pair(Value(1), 1), Pair(Value(3), 1)));
}

TEST(ValueCounter, what_does_not_fit_is_cut_and_said_to_be_more) {
  const std::vector<Value> values = {Value(3), Value(1), Value(2), Value()};
  const DistinctValues two = count(Type::kInt, values, DistinctOrder::kValue, 2);
  EXPECT_THAT(pairs(two), ElementsAre(Pair(Value(1), 1), Pair(Value(2), 1)));
  EXPECT_TRUE(two.has_more);
  EXPECT_FALSE(count(Type::kInt, values, DistinctOrder::kValue, 4).has_more);
  EXPECT_TRUE(count(Type::kInt, values, DistinctOrder::kValue, 3).has_more);
  EXPECT_TRUE(count(Type::kInt, values, DistinctOrder::kCount, 3).has_more);
}

// Far more values than are kept, in an order that drops and comes back.
TEST(ValueCounter, the_least_values_have_their_whole_counts_though_greater_ones_are_dropped) {
  constexpr std::uint64_t kMost = 10;
  ValueCounter numbers(Type::kInt, DistinctOrder::kValue, kMost, 0);
  ValueCounter texts(Type::kString, DistinctOrder::kValue, kMost, 0);
  for (std::int64_t round = 0; round < 3; ++round) {
    for (std::int64_t i = 5000; i > 0; --i) {
      const std::int64_t value = i * 7 % 5000;
      ASSERT_TRUE(numbers.add_number(ordered_image(value), 1).has_value());
      ASSERT_TRUE(texts.add_text(std::to_string(10'000 + value), 2).has_value());
    }
  }
  FakeInterrupt never;
  const DistinctValues least = std::move(numbers).finish(never).value();
  const DistinctValues first = std::move(texts).finish(never).value();
  ASSERT_EQ(least.values.size(), kMost);
  EXPECT_TRUE(least.has_more);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(kMost); ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(least.values[at].value, Value(i));
    EXPECT_EQ(least.values[at].count, 3u);
    EXPECT_EQ(first.values[at].value, Value(std::to_string(10'000 + i)));
    EXPECT_EQ(first.values[at].count, 6u);
  }
}

TEST(ValueCounter, the_order_of_counts_is_refused_beyond_its_memory) {
  ValueCounter counter(Type::kString, DistinctOrder::kCount, 10, 1000);
  Result<void> added;
  int values = 0;
  for (; values < 100 && added; ++values) added = counter.add_text("value " + std::to_string(values), 1);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().reason(), Reason::kQuotaExceeded);
  EXPECT_GT(values, 5);
  EXPECT_LT(values, 12);
  // Long texts fill it sooner.
  ValueCounter long_ones(Type::kString, DistinctOrder::kCount, 10, 1000);
  EXPECT_FALSE(long_ones.add_text(std::string(1000, 'x'), 1).has_value());
  // Values that are there already take nothing more.
  ValueCounter few(Type::kInt, DistinctOrder::kCount, 10, 1000);
  for (int i = 0; i < 10'000; ++i)
    ASSERT_TRUE(few.add_number(ordered_image(std::int64_t{i % 3}), 1).has_value());
  FakeInterrupt never;
  EXPECT_EQ(std::move(few).finish(never)->values.size(), 3u);
}

TEST(ValueCounter, equal_counts_come_by_value_and_null_after_them) {
  ValueCounter values(Type::kString, DistinctOrder::kCount, 100, 1 << 20);
  for (const char* text : {"d", "b", "a", "c"})
    ASSERT_TRUE(values.add_text(text, *text == 'd' ? 1 : 3).has_value());
  values.add_null(3);
  FakeInterrupt never;
  const DistinctValues got = std::move(values).finish(never).value();
  std::string order;
  for (const DistinctValue& each : got.values)
    order += each.value.is_null() ? std::string("null") : *each.value.get_if<std::string>();
  EXPECT_EQ(order, "abcnulld");
}

TEST(ValueCounter, putting_many_values_in_order_can_be_interrupted) {
  const auto finish = [](FakeInterrupt& interrupt) {
    ValueCounter values(Type::kInt, DistinctOrder::kCount, 10, std::uint64_t{1} << 30);
    for (std::uint64_t i = 0; i < 10 * Pacer::kRowsBetweenChecks; ++i)
      EXPECT_TRUE(values.add_number(i, i % 100 + 1).has_value());
    return std::move(values).finish(interrupt);
  };
  FakeInterrupt never;
  ASSERT_TRUE(finish(never).has_value());
  EXPECT_GE(never.checks, 10u);
  for (const std::uint64_t last : {std::uint64_t{0}, never.checks / 2, never.checks - 1}) {
    FakeInterrupt interrupt(last);
    const auto got = finish(interrupt);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().reason(), Reason::kCancelled);
    EXPECT_EQ(interrupt.checks, last + 1);
  }
}

}  // namespace
}  // namespace slate
