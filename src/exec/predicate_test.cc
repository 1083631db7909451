// Predicates over each encoding of a column, against what the cells say one by one.
#include "exec/predicate.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "exec/testing/test_block.h"
#include "query/bound_query.h"
#include "query/fold.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// A block of one column, in the encoding that its values lead to.
class OneColumn {
 public:
  OneColumn(Type type, const std::vector<Value>& values, std::vector<Field> items = {})
      : values_(values), data_({{.field = 1, .type = type, .values = values}}) {
    schema_.columns = {{.id = 0, .path = "_id"},
                       {.id = 1, .path = "c", .type = type, .items = std::move(items)}};
    block_.view = data_.view();
    column_ = block_.view.column(1, type);
    block_.columns = std::span(&column_, 1);
  }

  const ColumnView& column() const { return block_.columns.front(); }

  // Rows that pass a filter on the column.
  std::vector<std::size_t> passing(BoundFilter filter) const {
    filter.column = 1;
    for (BoundFilter& child : filter.children) child.column = 1;
    ColumnSet columns(schema_);
    const auto predicate = compile(filter, columns);
    RowMask rows = RowMask::all(values_.size());
    if (predicate != nullptr) predicate->filter(block_, rows);
    std::vector<std::size_t> kept;
    rows.for_each([&](std::size_t row) { kept.push_back(row); });
    return kept;
  }
  std::vector<std::size_t> where(const std::function<bool(const Value&)>& holds) const {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < values_.size(); ++row)
      if (!values_[row].is_null() && holds(values_[row])) rows.push_back(row);
    return rows;
  }

 private:
  std::vector<Value> values_;
  TestBlock data_;
  Schema schema_;
  ColumnView column_;
  ResolvedBlock block_;
};

BoundFilter between(std::optional<Bound> lower, std::optional<Bound> upper) {
  return {.kind = Kind::kRange, .lower = std::move(lower), .upper = std::move(upper)};
}
BoundFilter equals(Scalar value) { return between(Bound{.value = value}, Bound{.value = value}); }
BoundFilter one_of(std::vector<Scalar> values) {
  std::ranges::sort(values);
  return {.kind = Kind::kIn, .values = std::move(values)};
}
BoundFilter text(TextMatch match, std::string needle, CaseRule rule = CaseRule::kExact) {
  return {.kind = Kind::kText, .match = match, .case_rule = rule, .needle = std::move(needle)};
}
// The same of folded texts. REQUIRES: its own are folded.
BoundFilter folded(BoundFilter filter) {
  filter.case_rule = CaseRule::kFolded;
  return filter;
}
Bound below(Scalar value) { return {.value = std::move(value), .inclusive = Inclusive::kNo}; }
Bound upto(Scalar value) { return {.value = std::move(value), .inclusive = Inclusive::kYes}; }

// 150 rows: more than two words of a bitmap, the last one half full; every seventh is null where asked for.
std::vector<Value> values(const std::function<Value(int)>& make, bool nulls) {
  std::vector<Value> all;
  for (int i = 0; i < 150; ++i) all.push_back(nulls && i % 7 == 3 ? Value() : make(i));
  return all;
}

TEST(Predicate, integer_ranges_of_every_width_hold_at_their_edges) {
  struct Width {
    std::int64_t base;
    std::int64_t step;
    int width;
  };
  const Width widths[] = {{5, 0, 0},
                          {-70, 1, 1},
                          {1000, 300, 2},
                          {-9'000'000, 100'000, 4},
                          {-(kMost / 2), kMost / 160, 8},
                          {kMost - 149, 1, 1},
                          {kLeast, 1, 1}};
  for (const Width& each : widths) {
    for (const bool nulls : {false, true}) {
      const OneColumn column(Type::kInt,
                             values([&](int i) { return Value(each.base + i * each.step); }, nulls));
      ASSERT_EQ(column.column().encoding, Encoding::kInteger);
      ASSERT_EQ(column.column().width, each.width);
      for (const std::int64_t at : {each.base, each.base + 77 * each.step, each.base + 149 * each.step,
                                    kLeast, kMost, std::int64_t{0}, each.base / 2}) {
        const auto number = [](const Value& value) { return *value.get_if<std::int64_t>(); };
        EXPECT_EQ(column.passing(equals(at)), column.where([&](const Value& v) { return number(v) == at; }));
        EXPECT_EQ(column.passing(between(upto(at), {})),
                  column.where([&](const Value& v) { return number(v) >= at; }));
        EXPECT_EQ(column.passing(between(below(at), {})),
                  column.where([&](const Value& v) { return number(v) > at; }));
        EXPECT_EQ(column.passing(between({}, below(at))),
                  column.where([&](const Value& v) { return number(v) < at; }));
        EXPECT_EQ(column.passing(between({}, upto(at))),
                  column.where([&](const Value& v) { return number(v) <= at; }));
        EXPECT_EQ(column.passing(one_of({kLeast, at, kMost})), column.where([&](const Value& v) {
          return number(v) == at || number(v) == kLeast || number(v) == kMost;
        }));
      }
    }
  }
}

TEST(Predicate, real_ranges_and_sets_hold_at_their_edges) {
  for (const bool nulls : {false, true}) {
    const OneColumn column(Type::kFloat, values([](int i) { return Value((i - 75) / 4.0); }, nulls));
    ASSERT_EQ(column.column().encoding, Encoding::kFloat);
    const auto number = [](const Value& value) { return *value.get_if<double>(); };
    for (const double at : {-18.75, 0.0, 0.25, 0.3, 18.5, 1e300}) {
      EXPECT_EQ(column.passing(between(below(at), {})),
                column.where([&](const Value& v) { return number(v) > at; }));
      EXPECT_EQ(column.passing(between({}, upto(at))),
                column.where([&](const Value& v) { return number(v) <= at; }));
      EXPECT_EQ(column.passing(one_of({-1.0, at})),
                column.where([&](const Value& v) { return number(v) == at || number(v) == -1.0; }));
    }
  }
}

TEST(Predicate, texts_are_judged_alike_in_a_dictionary_and_side_by_side) {
  const std::vector<std::string> few = {"active", "rejected", "", "Active", "\xc3\x89t\xc3\xa9"};
  struct Texts {
    std::function<Value(int)> make;
    Encoding encoding;
    int width;
  };
  const Texts kinds[] = {
      {[&](int i) { return Value(few[i % few.size()]); }, Encoding::kDictionary, 1},
      {[&](int) { return Value(std::string(20, 'a') + "ctive"); }, Encoding::kDictionary, 0},
      {[&](int i) { return Value(few[i % few.size()] + std::to_string(i)); }, Encoding::kPlain, 2},
      {[&](int i) { return Value(std::to_string(i) + std::string(700, 'x')); }, Encoding::kPlain, 4}};
  const auto held = [](const Value& value) -> const std::string& { return *value.get_if<std::string>(); };
  for (const Texts& each : kinds) {
    for (const bool nulls : {false, true}) {
      const OneColumn column(Type::kString, values(each.make, nulls));
      ASSERT_EQ(column.column().encoding, each.encoding);
      ASSERT_EQ(column.column().width, each.width);
      for (const std::string at : {"active", "", "aaaaa", "rejected51", "zzz"}) {
        EXPECT_EQ(column.passing(equals(at)), column.where([&](const Value& v) { return held(v) == at; }));
        EXPECT_EQ(column.passing(between(below(at), {})),
                  column.where([&](const Value& v) { return held(v) > at; }));
        EXPECT_EQ(column.passing(between(upto(at), below("r"))),
                  column.where([&](const Value& v) { return held(v) >= at && held(v) < "r"; }));
        EXPECT_EQ(column.passing(text(TextMatch::kContains, at)),
                  column.where([&](const Value& v) { return held(v).find(at) != std::string::npos; }));
      }
      EXPECT_EQ(column.passing(one_of({"Active", "active", "rejected1"})), column.where([&](const Value& v) {
        return held(v) == "active" || held(v) == "Active" || held(v) == "rejected1";
      }));
      EXPECT_EQ(column.passing(text(TextMatch::kStartswith, "act", CaseRule::kFolded)),
                column.where([&](const Value& v) {
                  return held(v).starts_with("act") || held(v).starts_with("Act");
                }));
      EXPECT_EQ(column.passing(text(TextMatch::kStartswith, "\xc3\xa9t", CaseRule::kFolded)),
                column.where([&](const Value& v) { return held(v).starts_with("\xc3\x89t"); }));
      const auto fold = [&](const Value& v) { return fold_case(held(v)); };
      for (const std::string at : {"active", "", "aaaaa", "\xc3\xa9t\xc3\xa9", "zzz"}) {
        EXPECT_EQ(column.passing(folded(equals(at))),
                  column.where([&](const Value& v) { return fold(v) == at; }));
        EXPECT_EQ(column.passing(folded(between(below(at), {}))),
                  column.where([&](const Value& v) { return fold(v) > at; }));
        EXPECT_EQ(column.passing(folded(one_of({at, "rejected1", "active"}))),
                  column.where([&](const Value& v) {
                    return fold(v) == at || fold(v) == "rejected1" || fold(v) == "active";
                  }));
      }
      EXPECT_EQ(column.passing({.kind = Kind::kNot, .children = {equals("active")}}).size(),
                150 - column.where([&](const Value& v) { return held(v) == "active"; }).size());
    }
  }
}

TEST(Predicate, a_column_that_the_block_lacks_is_null_in_every_row) {
  for (const Type type : {Type::kString, Type::kInt, Type::kFloat, Type::kList}) {
    const OneColumn column(type, std::vector<Value>(150), {{.type = Type::kString}});
    ASSERT_EQ(column.column().encoding, Encoding::kNull);
    EXPECT_EQ(column.passing({.kind = Kind::kIsnull}).size(), 150u);
    EXPECT_TRUE(column.passing({.kind = Kind::kNot, .children = {{.kind = Kind::kIsnull}}}).empty());
    if (type == Type::kString || type == Type::kList) {
      EXPECT_EQ(column.passing({.kind = Kind::kEmpty}).size(), 150u);
    }
    const Scalar some = type == Type::kInt     ? Scalar(std::int64_t{0})
                        : type == Type::kFloat ? Scalar(0.0)
                                               : Scalar(std::string());
    EXPECT_TRUE(column.passing(equals(some)).empty());
    EXPECT_TRUE(column.passing(one_of({some})).empty());
  }
}

TEST(Predicate, a_list_passes_when_some_element_does) {
  const OneColumn column(Type::kList,
                         {Value(ListValue{Value("a"), Value("b")}), Value(ListValue{}), Value(),
                          Value(ListValue{Value("")}), Value(ListValue{Value("Bb")})},
                         {{.type = Type::kString}});
  using Rows = std::vector<std::size_t>;
  EXPECT_EQ(column.passing(equals("b")), (Rows{0}));
  EXPECT_EQ(column.passing(one_of({"", "a"})), (Rows{0, 3}));
  EXPECT_EQ(column.passing(text(TextMatch::kContains, "b", CaseRule::kFolded)), (Rows{0, 4}));
  EXPECT_EQ(column.passing({.kind = Kind::kEmpty}), (Rows{1, 2}));
  EXPECT_EQ(column.passing({.kind = Kind::kIsnull}), (Rows{2}));
  EXPECT_EQ(column.passing({.kind = Kind::kNot, .children = {equals("b")}}), (Rows{1, 2, 3, 4}));
}

TEST(Predicate, groups_combine_and_constants_decide) {
  const OneColumn column(Type::kInt, values([](int i) { return Value(i); }, false));
  BoundFilter both{.kind = Kind::kAnd,
                   .children = {between(upto(std::int64_t{10}), {}), between({}, below(std::int64_t{12}))}};
  EXPECT_EQ(column.passing(both), (std::vector<std::size_t>{10, 11}));
  both.kind = Kind::kOr;
  EXPECT_EQ(column.passing(both).size(), 150u);
  EXPECT_EQ(column.passing({.kind = Kind::kTrue}).size(), 150u);
  EXPECT_TRUE(column.passing({.kind = Kind::kFalse}).empty());
}

}  // namespace
}  // namespace slate
