#include "plan/sargable.h"

#include <gtest/gtest.h>

#include <slate/query.h>

#include "model/schema.h"
#include "plan/plan.h"

namespace slate {
namespace {

class Sargable : public testing::Test {
 protected:
  Sargable()
      : schema_(make_schema(
            {.id = "d", .fields = {{.name = "s"}, {.name = "n", .type = Type::kInt}, {.name = "t"}}},
            nullptr)) {}

  // "index s: ...; residual: ..." of a filter over an index on `field`.
  std::string settled(const Filter& filter, std::string_view field) {
    schema_.indexes = {
        {.id = 1, .name = std::string(field), .components = {{.column = *schema_.find_column(field)}}}};
    const auto bound = bind_filter(filter, schema_);
    EXPECT_TRUE(bound.has_value());
    const SargableFilter result = sargable(*bound, *schema_.find_column(field));
    if (result.ranges.empty()) return "nothing; " + describe_filter(result.residual, schema_);
    std::string walk = describe_walk({.index = 0, .ranges = result.ranges}, schema_);
    walk = walk.substr(walk.find(": ") + 2);
    return walk.substr(0, walk.rfind(',')) + "; " + describe_filter(result.residual, schema_);
  }
  static Filter n(Op op, Value value) { return Filter::condition("n", op, std::move(value)); }
  static Filter s(Op op, Value value) { return Filter::condition("s", op, std::move(value)); }

  Schema schema_;
};

TEST_F(Sargable, one_condition_becomes_one_range) {
  EXPECT_EQ(settled(n(Op::kEq, 5), "n"), "n = 5; true");
  EXPECT_EQ(settled(n(Op::kGt, 5), "n"), "n > 5; true");
  EXPECT_EQ(settled(n(Op::kLte, 5), "n"), "n <= 5; true");
  EXPECT_EQ(settled(n(Op::kIsnull, true), "n"), "nulls; true");
  EXPECT_EQ(settled(n(Op::kIsnull, false), "n"), "all values; true");
  EXPECT_EQ(settled(Filter::condition("n", Op::kIn, std::vector<Value>{7, 3}), "n"), "n = 3, n = 7; true");
  EXPECT_EQ(settled(s(Op::kStartswith, "ab"), "s"), "s >= \"ab\" and s < \"ac\"; true");
  EXPECT_EQ(settled(s(Op::kStartswith, ""), "s"), "s >= \"\"; true");
}

TEST_F(Sargable, conditions_on_one_field_are_intersected_and_others_remain) {
  const Filter filter = Filter::all_of({n(Op::kGte, 3), s(Op::kEq, "x"), n(Op::kLt, 9), n(Op::kGt, 3)});
  EXPECT_EQ(settled(filter, "n"), "n > 3 and n < 9; s = \"x\"");
  EXPECT_EQ(settled(filter, "s"), "s = \"x\"; n >= 3 and n < 9 and n > 3");
  EXPECT_EQ(
      settled(Filter::all_of({Filter::condition("n", Op::kIn, std::vector<Value>{1, 4, 6}), n(Op::kGt, 3)}),
              "n"),
      "n = 4, n = 6; true");
}

TEST_F(Sargable, conditions_that_exclude_each_other_leave_a_walk_that_nothing_passes) {
  EXPECT_EQ(settled(Filter::all_of({n(Op::kGt, 9), n(Op::kLt, 3)}), "n"), "nulls; false");
  EXPECT_EQ(settled(Filter::all_of({n(Op::kIsnull, true), n(Op::kEq, 3)}), "n"), "nulls; false");
}

TEST_F(Sargable, negations_groups_and_folded_texts_are_not_settled) {
  EXPECT_EQ(settled(n(Op::kNe, 5), "n"), "nothing; not (n = 5)");
  EXPECT_EQ(settled(Filter::any_of({n(Op::kEq, 5), s(Op::kEq, "x")}), "n"), "nothing; n = 5 or s = \"x\"");
  EXPECT_EQ(settled(s(Op::kIstartswith, "AB"), "s"), "nothing; s istartswith \"ab\"");
  EXPECT_EQ(settled(s(Op::kContains, "ab"), "s"), "nothing; s contains \"ab\"");
  EXPECT_EQ(settled(n(Op::kEq, 5), "s"), "nothing; n = 5");
}

}  // namespace
}  // namespace slate
