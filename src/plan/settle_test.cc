#include "plan/settle.h"

#include <gtest/gtest.h>

#include <slate/query.h>

#include "model/schema.h"
#include "plan/plan.h"

namespace slate {
namespace {

class Settle : public testing::Test {
 protected:
  Settle()
      : schema_(make_schema({.id = "d",
                             .fields = {{.name = "s"},
                                        {.name = "n", .type = Type::kInt},
                                        {.name = "t"},
                                        {.name = "c", .collation = Collation::kNocase}}},
                            nullptr)) {}

  // "index s: ...; residual: ..." of a filter over an index on `field`.
  std::string settled(const Filter& filter, std::string_view field,
                      Collation collation = Collation::kBinary) {
    schema_.indexes = {{.id = 1,
                        .name = std::string(field),
                        .components = {{.column = *schema_.find_column(field), .collation = collation}}}};
    const auto bound = bind_filter(filter, schema_);
    EXPECT_TRUE(bound.has_value());
    return described(*bound, schema_.indexes.front());
  }
  // Over an index on several fields, "-" for descending ones.
  std::string settled_by(const Filter& filter, const std::vector<IndexField>& fields) {
    Index index{.id = 1, .name = index_name(fields)};
    for (const IndexField& field : fields)
      index.components.push_back({.column = *schema_.find_column(field.field), .direction = field.direction});
    schema_.indexes = {index};
    return described(bind_filter(filter, schema_).value(), index);
  }
  std::string described(const BoundFilter& filter, const Index& index) {
    const auto conjuncts = conjuncts_of(filter);
    const SettledRanges result = settle(conjuncts, index);
    const std::string rest = describe_filter(rest_of(conjuncts, result.settled), schema_);
    if (result.contradiction) return "contradiction";
    if (!result.any()) return "nothing; " + rest;
    Plan plan;
    plan.access = IndexWalk{.index = 0, .ranges = result.ranges};
    const std::string walk = describe_access(plan, schema_);
    return walk.substr(walk.find(": ") + 2) + "; " + rest;
  }
  static Filter n(Op op, Value value) { return Filter::condition("n", op, std::move(value)); }
  static Filter s(Op op, Value value) { return Filter::condition("s", op, std::move(value)); }

  Schema schema_;
};

TEST_F(Settle, one_condition_becomes_one_range) {
  EXPECT_EQ(settled(n(Op::kEq, 5), "n"), "n = 5; true");
  EXPECT_EQ(settled(n(Op::kGt, 5), "n"), "n > 5; true");
  EXPECT_EQ(settled(n(Op::kLte, 5), "n"), "n <= 5; true");
  EXPECT_EQ(settled(n(Op::kIsnull, true), "n"), "n is null; true");
  EXPECT_EQ(settled(n(Op::kIsnull, false), "n"), "n is not null; true");
  EXPECT_EQ(settled(Filter::condition("n", Op::kIn, std::vector<Value>{7, 3}), "n"), "n = 3, n = 7; true");
  EXPECT_EQ(settled(s(Op::kStartswith, "ab"), "s"), "s >= \"ab\" and s < \"ac\"; true");
  EXPECT_EQ(settled(s(Op::kStartswith, ""), "s"), "s >= \"\"; true");
}

TEST_F(Settle, conditions_on_one_field_are_intersected_and_others_remain) {
  const Filter filter = Filter::all_of({n(Op::kGte, 3), s(Op::kEq, "x"), n(Op::kLt, 9), n(Op::kGt, 3)});
  EXPECT_EQ(settled(filter, "n"), "n > 3 and n < 9; s = \"x\"");
  EXPECT_EQ(settled(filter, "s"), "s = \"x\"; n >= 3 and n < 9 and n > 3");
  EXPECT_EQ(
      settled(Filter::all_of({Filter::condition("n", Op::kIn, std::vector<Value>{1, 4, 6}), n(Op::kGt, 3)}),
              "n"),
      "n = 4, n = 6; true");
}

TEST_F(Settle, conditions_that_exclude_each_other_are_a_contradiction) {
  EXPECT_EQ(settled(Filter::all_of({n(Op::kGt, 9), n(Op::kLt, 3)}), "n"), "contradiction");
  EXPECT_EQ(settled(Filter::all_of({n(Op::kIsnull, true), n(Op::kEq, 3)}), "n"), "contradiction");
}

TEST_F(Settle, negations_groups_and_folded_texts_are_not_settled) {
  EXPECT_EQ(settled(n(Op::kNe, 5), "n"), "nothing; not (n = 5)");
  EXPECT_EQ(settled(Filter::any_of({n(Op::kEq, 5), s(Op::kEq, "x")}), "n"), "nothing; n = 5 or s = \"x\"");
  EXPECT_EQ(settled(s(Op::kIstartswith, "AB"), "s"), "nothing; s istartswith \"ab\"");
  EXPECT_EQ(settled(s(Op::kContains, "ab"), "s"), "nothing; s contains \"ab\"");
  EXPECT_EQ(settled(n(Op::kEq, 5), "s"), "nothing; n = 5");
}

TEST_F(Settle, conditions_of_a_nocase_field_are_folded_ranges_of_a_folded_index) {
  const auto c = [&](Op op, Value value) {
    return settled(Filter::condition("c", op, std::move(value)), "c", Collation::kNocase);
  };
  EXPECT_EQ(c(Op::kEq, "AB"), "nocase(c) = \"ab\"; true");
  EXPECT_EQ(c(Op::kIeq, "AB"), "nocase(c) = \"ab\"; true");
  EXPECT_EQ(c(Op::kGt, "AB"), "nocase(c) > \"ab\"; true");
  EXPECT_EQ(
      settled(Filter::condition("c", Op::kIn, std::vector<Value>{"B", "a", "b"}), "c", Collation::kNocase),
      "nocase(c) = \"a\", nocase(c) = \"b\"; true");
  EXPECT_EQ(c(Op::kIstartswith, "AB"), "nocase(c) >= \"ab\" and nocase(c) < \"ac\"; true");
  EXPECT_EQ(c(Op::kIsnull, true), "c is null; true");
  EXPECT_EQ(c(Op::kIcontains, "AB"), "nothing; c icontains \"ab\"");
}

TEST_F(Settle, an_exact_prefix_of_a_nocase_field_is_looked_for_folded_and_checked) {
  const auto prefix = [](const char* text) { return Filter::condition("c", Op::kStartswith, text); };
  EXPECT_EQ(settled(prefix("AB"), "c", Collation::kNocase),
            "nocase(c) >= \"ab\" and nocase(c) < \"ac\"; c startswith \"AB\"");
  const Filter both = Filter::all_of({prefix("AB"), Filter::condition("c", Op::kEq, "ABC")});
  EXPECT_EQ(settled(both, "c", Collation::kNocase), "nocase(c) = \"abc\"; c startswith \"AB\"");
  // The last byte of a prefix is not folded once more where its successor is a capital.
  EXPECT_EQ(settled(prefix("x@"), "c", Collation::kNocase),
            "nocase(c) >= \"x@\" and nocase(c) < \"xA\"; c startswith \"x@\"");
}

TEST_F(Settle, an_index_of_another_collation_settles_no_comparison) {
  const auto c = [](Op op) { return Filter::condition("c", op, "AB"); };
  EXPECT_EQ(settled(c(Op::kEq), "c"), "nothing; nocase(c) = \"ab\"");
  EXPECT_EQ(settled(c(Op::kGte), "c"), "nothing; nocase(c) >= \"ab\"");
  EXPECT_EQ(settled(c(Op::kIstartswith), "c"), "nothing; c istartswith \"ab\"");
  EXPECT_EQ(settled(c(Op::kStartswith), "c"), "c >= \"AB\" and c < \"AC\"; true");
  EXPECT_EQ(settled(s(Op::kEq, "AB"), "s", Collation::kNocase), "nothing; s = \"AB\"");
  EXPECT_EQ(settled(s(Op::kIeq, "AB"), "s"), "nothing; s ieq \"ab\"");
}

TEST_F(Settle, equalities_on_leading_fields_are_a_prefix_before_a_range_of_the_next) {
  const std::vector<IndexField> by = {{.field = "s"}, {.field = "n", .direction = Direction::kDescending}};
  EXPECT_EQ(settled_by(Filter::all_of({n(Op::kGt, 3), s(Op::kEq, "x")}), by), "s = \"x\" and n > 3; true");
  EXPECT_EQ(settled_by(s(Op::kEq, "x"), by), "s = \"x\"; true");
  EXPECT_EQ(settled_by(n(Op::kEq, 3), by), "nothing; n = 3");
  EXPECT_EQ(settled_by(Filter::all_of({s(Op::kGt, "x"), n(Op::kEq, 3)}), by), "s > \"x\"; n = 3");
  EXPECT_EQ(settled_by(Filter::all_of({s(Op::kIsnull, true), n(Op::kIsnull, false)}), by),
            "s is null and n is not null; true");
}

TEST_F(Settle, lists_of_values_are_multiplied_out_in_the_order_of_keys) {
  const Filter lists = Filter::all_of({Filter::condition("s", Op::kIn, std::vector<Value>{"b", "a"}),
                                       Filter::condition("n", Op::kIn, std::vector<Value>{1, 2})});
  EXPECT_EQ(settled_by(lists, {{.field = "s"}, {.field = "n", .direction = Direction::kDescending}}),
            "s = \"a\" and n = 2, s = \"a\" and n = 1, s = \"b\" and n = 2, s = \"b\" and n = 1; true");
}

TEST_F(Settle, too_many_combinations_leave_the_last_field_to_the_filter) {
  std::vector<Value> texts;
  std::vector<Value> numbers;
  for (int i = 0; i < 40; ++i) {
    texts.emplace_back("s" + std::to_string(i));
    numbers.emplace_back(i);
  }
  const auto bound = bind_filter(
      Filter::all_of({Filter::condition("s", Op::kIn, texts), Filter::condition("n", Op::kIn, numbers)}),
      schema_);
  const Index index{.components = {{.column = 1}, {.column = 2}}};
  const SettledRanges result = settle(conjuncts_of(*bound), index);
  EXPECT_EQ(result.ranges.size(), 40u);
  EXPECT_EQ(result.equalities, 1u);
  EXPECT_EQ(result.settled, (ConjunctSet{true, false}));
}

}  // namespace
}  // namespace slate
