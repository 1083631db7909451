#include "exec/value_counter.h"

#include <gtest/gtest.h>
#include <string>

#include "exec/testing/fake_interrupt.h"

namespace slate {
namespace {

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
