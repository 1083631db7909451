#include "query/simplify.h"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

BoundFilter is_null(std::uint32_t column) {
  BoundFilter filter;
  filter.kind = Kind::kIsnull;
  filter.column = column;
  return filter;
}

template <typename... Each>
std::vector<BoundFilter> list(Each... each) {
  return {each...};
}

TEST(Simplify, groups_of_nothing_are_constants) {
  EXPECT_EQ(conjunction({}).kind, Kind::kTrue);
  EXPECT_EQ(disjunction({}).kind, Kind::kFalse);
}

TEST(Simplify, a_group_of_one_is_that_one) {
  EXPECT_EQ(conjunction(list(is_null(1))), is_null(1));
  EXPECT_EQ(disjunction(list(is_null(1))), is_null(1));
  EXPECT_EQ(conjunction(list(constant(true), is_null(1), constant(true))), is_null(1));
}

TEST(Simplify, a_deciding_constant_takes_the_group) {
  EXPECT_EQ(conjunction(list(is_null(1), constant(false), is_null(2))), constant(false));
  EXPECT_EQ(disjunction(list(is_null(1), constant(true), is_null(2))), constant(true));
}

TEST(Simplify, a_constant_that_changes_nothing_goes) {
  EXPECT_EQ(disjunction(list(is_null(1), constant(false), is_null(2))),
            disjunction(list(is_null(1), is_null(2))));
}

TEST(Simplify, a_group_in_its_own_kind_is_spread_out_in_order) {
  const auto inner = conjunction(list(is_null(2), is_null(3)));
  const auto outer = conjunction(list(is_null(1), inner, is_null(4)));
  ASSERT_EQ(outer.kind, Kind::kAnd);
  EXPECT_EQ(outer.children, list(is_null(1), is_null(2), is_null(3), is_null(4)));
}

TEST(Simplify, a_group_in_the_other_kind_stays) {
  const auto inner = disjunction(list(is_null(2), is_null(3)));
  EXPECT_EQ(conjunction(list(is_null(1), inner)).children, list(is_null(1), inner));
}

TEST(Simplify, two_negations_cancel) {
  EXPECT_EQ(negation(is_null(1)).kind, Kind::kNot);
  EXPECT_EQ(negation(negation(is_null(1))), is_null(1));
  EXPECT_EQ(negation(constant(true)), constant(false));
  EXPECT_EQ(negation(constant(false)), constant(true));
}

}  // namespace
}  // namespace slate
