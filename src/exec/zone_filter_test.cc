// Blocks that bounds rule out: never one with a row that passes, always one that they plainly exclude.
#include "exec/zone_filter.h"

#include <gtest/gtest.h>
#include <limits>

#include "exec/testing/test_block.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

enum Position : std::uint32_t { kInt = 1, kReal, kText, kDate, kFlag, kTags, kAbsent };

Schema schema() {
  Schema schema;
  schema.columns = {{.id = 0, .path = "_id"},
                    {.id = 1, .path = "int", .type = Type::kInt},
                    {.id = 2, .path = "real", .type = Type::kFloat},
                    {.id = 3, .path = "text", .type = Type::kString},
                    {.id = 4, .path = "date", .type = Type::kDate},
                    {.id = 5, .path = "flag", .type = Type::kBool},
                    {.id = 6, .path = "tags", .type = Type::kList, .items = {{.type = Type::kString}}},
                    {.id = 7, .path = "absent", .type = Type::kInt}};
  return schema;
}

// int 10 and 20; real -1.5 and 2.5; text "mango" and "melonfruit 1"; date 100 and 200; flag true; tags ["x"].
// Everything but the int has a null, too.
TestBlock block(std::vector<TestBlock::Cells> more = {}) {
  std::vector<TestBlock::Cells> columns = {
      {.field = 1, .type = Type::kInt, .values = {Value(10), Value(20), Value(15)}},
      {.field = 2, .type = Type::kFloat, .values = {Value(-1.5), Value(2.5), Value()}},
      {.field = 3, .type = Type::kString, .values = {Value("mango"), Value("melonfruit 1"), Value()}},
      {.field = 4, .type = Type::kDate, .values = {Value(Date{100}), Value(Date{200}), Value()}},
      {.field = 5, .type = Type::kBool, .values = {Value(true), Value(true), Value()}},
      {.field = 6, .type = Type::kList, .values = {Value(ListValue{Value("x")}), Value(), Value()}}};
  for (TestBlock::Cells& each : more) columns.push_back(std::move(each));
  return TestBlock(columns);
}

bool can_match(const BoundFilter& filter, const TestBlock& data = block()) {
  const Schema columns = schema();
  return ZoneFilter(filter, columns).can_match(data.view());
}
bool is_useful(const BoundFilter& filter) {
  const Schema columns = schema();
  return ZoneFilter(filter, columns).is_useful();
}

BoundFilter at_least(std::uint32_t column, Scalar value) {
  return {.kind = Kind::kRange, .column = column, .lower = Bound{.value = std::move(value)}};
}
BoundFilter at_most(std::uint32_t column, Scalar value) {
  return {.kind = Kind::kRange, .column = column, .upper = Bound{.value = std::move(value)}};
}
BoundFilter equals(std::uint32_t column, Scalar value) {
  return {
      .kind = Kind::kRange, .column = column, .lower = Bound{.value = value}, .upper = Bound{.value = value}};
}
BoundFilter one_of(std::uint32_t column, std::vector<Scalar> values) {
  return {.kind = Kind::kIn, .column = column, .values = std::move(values)};
}
BoundFilter leaf(Kind kind, std::uint32_t column) { return {.kind = kind, .column = column}; }
BoundFilter group(Kind kind, std::vector<BoundFilter> children) {
  return {.kind = kind, .children = std::move(children)};
}

const std::int64_t kNine = 9, kTen = 10, kTwenty = 20, kTwentyOne = 21;

TEST(ZoneFilter, ranges_of_numbers_are_held_against_the_bounds_and_their_ends_belong_to_them) {
  EXPECT_TRUE(can_match(at_least(kInt, kTwenty)));
  EXPECT_FALSE(can_match(at_least(kInt, kTwentyOne)));
  EXPECT_TRUE(can_match(at_most(kInt, kTen)));
  EXPECT_FALSE(can_match(at_most(kInt, kNine)));
  EXPECT_TRUE(can_match(equals(kInt, std::int64_t{13})));  // bounds do not know of gaps
  EXPECT_TRUE(can_match(at_least(kReal, 2.5)));
  EXPECT_FALSE(can_match(at_least(kReal, 2.6)));
  EXPECT_TRUE(can_match(at_most(kReal, -1.5)));
  EXPECT_FALSE(can_match(at_most(kReal, -1.6)));
  EXPECT_FALSE(can_match(equals(kDate, std::int64_t{99})));
  EXPECT_TRUE(can_match(equals(kDate, std::int64_t{100})));
  EXPECT_FALSE(can_match(equals(kFlag, std::int64_t{0})));
  EXPECT_TRUE(can_match(equals(kFlag, std::int64_t{1})));
}

TEST(ZoneFilter, the_extreme_numbers_are_bounds_like_others) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const TestBlock extreme({{.field = 1, .type = Type::kInt, .values = {Value(kLeast), Value(kMost)}},
                           {.field = 2, .type = Type::kFloat, .values = {Value(-1e300), Value(1e300)}}});
  for (const std::int64_t value : {kLeast, std::int64_t{0}, kMost})
    EXPECT_TRUE(can_match(equals(kInt, value), extreme));
  EXPECT_TRUE(can_match(at_least(kReal, 1e300), extreme));
  EXPECT_FALSE(can_match(at_least(kReal, 2e300), extreme));
}

TEST(ZoneFilter, lists_of_values_match_when_one_of_them_lies_within) {
  EXPECT_TRUE(can_match(one_of(kInt, {kNine, kTwenty, std::int64_t{30}})));
  EXPECT_FALSE(can_match(one_of(kInt, {kNine, kTwentyOne})));
  EXPECT_FALSE(can_match(one_of(kInt, {kTwentyOne, std::int64_t{22}})));
  EXPECT_TRUE(can_match(one_of(kReal, {-7.0, 0.0})));
  EXPECT_FALSE(can_match(one_of(kReal, {-7.0, 7.0})));
  EXPECT_TRUE(can_match(one_of(kText, {std::string("a"), std::string("mango")})));
  EXPECT_FALSE(can_match(one_of(kText, {std::string("a"), std::string("z")})));
}

// A text's bounds are its first eight bytes.
TEST(ZoneFilter, texts_that_agree_in_eight_bytes_with_a_bound_are_never_ruled_out) {
  EXPECT_TRUE(can_match(equals(kText, std::string("mango"))));
  EXPECT_FALSE(can_match(equals(kText, std::string("lemon"))));
  EXPECT_FALSE(can_match(at_least(kText, std::string("melonfs"))));
  EXPECT_TRUE(can_match(at_least(kText, std::string("melonfruit 1"))));
  EXPECT_TRUE(can_match(at_least(kText, std::string("melonfruit 2"))));
  EXPECT_FALSE(can_match(at_most(kText, std::string("man"))));
  EXPECT_TRUE(can_match(at_most(kText, std::string("mango"))));
}

TEST(ZoneFilter, nulls_satisfy_no_comparison_and_are_looked_for_where_there_are_some) {
  EXPECT_FALSE(can_match(leaf(Kind::kIsnull, kInt)));
  EXPECT_TRUE(can_match(leaf(Kind::kIsnull, kReal)));
  EXPECT_TRUE(can_match(leaf(Kind::kIsnull, kAbsent)));
  EXPECT_FALSE(can_match(equals(kAbsent, kTen)));
  EXPECT_FALSE(can_match(one_of(kAbsent, {kTen})));
  EXPECT_TRUE(can_match(group(Kind::kNot, {leaf(Kind::kIsnull, kInt)})));
  EXPECT_TRUE(can_match(group(Kind::kNot, {leaf(Kind::kIsnull, kReal)})));
  EXPECT_FALSE(can_match(group(Kind::kNot, {leaf(Kind::kIsnull, kAbsent)})));
}

// Any cell that is stored may be null by now.
TEST(ZoneFilter, a_block_with_expiring_cells_may_have_nulls_in_any_column) {
  const TestBlock expiring =
      block({{.field = 1 | kExpiryBit, .type = Type::kInt, .values = {Value(5), Value(5), Value(5)}}});
  EXPECT_TRUE(can_match(leaf(Kind::kIsnull, kInt), expiring));
  EXPECT_FALSE(can_match(at_least(kInt, kTwentyOne), expiring));
}

TEST(ZoneFilter, a_column_stored_with_another_type_is_null) {
  const TestBlock other({{.field = 1, .type = Type::kString, .values = {Value("10")}}});
  EXPECT_FALSE(can_match(equals(kInt, kTen), other));
  EXPECT_TRUE(can_match(leaf(Kind::kIsnull, kInt), other));
}

TEST(ZoneFilter, what_bounds_cannot_tell_is_never_ruled_out) {
  for (const Kind kind : {Kind::kTrue, Kind::kEmpty, Kind::kText}) {
    EXPECT_TRUE(can_match(leaf(kind, kText)));
    EXPECT_FALSE(is_useful(leaf(kind, kText)));
  }
  EXPECT_TRUE(can_match(equals(kTags, std::string("zzz"))));
  const BoundFilter negated = group(Kind::kNot, {at_least(kInt, kNine)});
  EXPECT_TRUE(can_match(negated));
  EXPECT_FALSE(is_useful(negated));
}

TEST(ZoneFilter, groups_rule_out_as_their_parts_do) {
  const BoundFilter no = at_least(kInt, kTwentyOne);
  const BoundFilter yes = at_least(kInt, kTen);
  EXPECT_FALSE(can_match(leaf(Kind::kFalse, 0)));
  EXPECT_FALSE(can_match(group(Kind::kAnd, {yes, no})));
  EXPECT_TRUE(can_match(group(Kind::kAnd, {yes, yes})));
  EXPECT_TRUE(can_match(group(Kind::kOr, {no, yes})));
  EXPECT_FALSE(can_match(group(Kind::kOr, {no, no})));
  const BoundFilter unknown = leaf(Kind::kText, kText);
  EXPECT_TRUE(is_useful(group(Kind::kAnd, {unknown, no})));
  EXPECT_FALSE(is_useful(group(Kind::kOr, {unknown, no})));
  EXPECT_TRUE(is_useful(group(Kind::kNot, {leaf(Kind::kIsnull, kInt)})));
}

}  // namespace
}  // namespace slate
