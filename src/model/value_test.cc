#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include <slate/query.h>
#include <slate/value.h>

#include "base/try.h"

namespace slate {
namespace {

constexpr Type kAllTypes[] = {Type::kString, Type::kInt,  Type::kFloat, Type::kBool,
                              Type::kDate,   Type::kList, Type::kMap};

TEST(Type, every_name_is_read_back_as_its_type) {
  for (const Type type : kAllTypes) EXPECT_EQ(parse_type(type_name(type)).value(), type);
}

TEST(Type, an_unknown_name_is_refused_and_repeated) {
  for (const char* name : {"", "String", "integer", "null", "int "}) {
    const auto type = parse_type(name);
    ASSERT_FALSE(type.has_value()) << name;
    EXPECT_EQ(type.error().reason(), Reason::kInvalidArgument);
    EXPECT_NE(type.error().message().find('"' + std::string(name) + '"'), std::string::npos);
  }
}

TEST(Type, numbers_on_disk_do_not_change) {
  EXPECT_EQ(static_cast<int>(Type::kString), 1);
  EXPECT_EQ(static_cast<int>(Type::kInt), 2);
  EXPECT_EQ(static_cast<int>(Type::kFloat), 3);
  EXPECT_EQ(static_cast<int>(Type::kBool), 4);
  EXPECT_EQ(static_cast<int>(Type::kDate), 5);
  EXPECT_EQ(static_cast<int>(Type::kList), 6);
  EXPECT_EQ(static_cast<int>(Type::kMap), 7);
}

TEST(Value, kind_names_what_it_holds) {
  EXPECT_EQ(Value().kind(), "null");
  EXPECT_EQ(Value("a").kind(), "string");
  EXPECT_EQ(Value(1).kind(), "int");
  EXPECT_EQ(Value(1.0).kind(), "float");
  EXPECT_EQ(Value(true).kind(), "bool");
  EXPECT_EQ(Value(Date{1}).kind(), "date");
  EXPECT_EQ(Value(ListValue{}).kind(), "list");
  EXPECT_EQ(Value(MapValue{}).kind(), "map");
}

TEST(Value, kinds_are_never_equal_to_each_other) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value(1), Value(Date{1}));
  EXPECT_NE(Value(""), Value());
}

TEST(Value, a_copy_of_a_list_is_its_own) {
  Value original(ListValue{Value("a")});
  const Value copy = original;
  original.get_if<ListValue>()->push_back(Value("b"));
  EXPECT_EQ(copy, Value(ListValue{Value("a")}));
}

TEST(Op, every_word_is_read_back_as_its_operator) {
  for (int i = 0; i <= static_cast<int>(Op::kEmpty); ++i) {
    const auto op = static_cast<Op>(i);
    EXPECT_EQ(parse_op(op_name(op)), op) << op_name(op);
  }
}

TEST(Op, words_are_those_of_urls_and_json) {
  EXPECT_EQ(op_name(Op::kEq), "eq");
  EXPECT_EQ(op_name(Op::kBetween), "between");
  EXPECT_EQ(op_name(Op::kIstartswith), "istartswith");
  EXPECT_EQ(op_name(Op::kIsnull), "isnull");
  EXPECT_FALSE(parse_op("EQ").has_value());
  EXPECT_FALSE(parse_op("").has_value());
}

TEST(Filter, a_condition_holds_its_values_as_typed_constants) {
  const Filter filter = Filter::condition("age", Op::kBetween, std::vector<Value>{Value(1), Value(2)});
  EXPECT_EQ(filter.kind, Filter::Kind::kCondition);
  EXPECT_EQ(filter.field, "age");
  ASSERT_EQ(filter.values.size(), 2u);
  EXPECT_EQ(filter.values[1].value, Value(2));
  EXPECT_FALSE(filter.values[1].is_text);
}

TEST(Filter, groups_keep_their_children_in_order) {
  const Filter a = Filter::condition("a", Op::kEq, Value(1));
  const Filter b = Filter::condition("b", Op::kEq, Value(2));
  EXPECT_EQ(Filter::all_of({a, b}).kind, Filter::Kind::kAnd);
  EXPECT_EQ(Filter::all_of({a, b}).children, (std::vector{a, b}));
  EXPECT_EQ(Filter::any_of({b, a}).kind, Filter::Kind::kOr);
  EXPECT_EQ(Filter::any_of({b, a}).children, (std::vector{b, a}));
  EXPECT_EQ(Filter::negation(a).kind, Filter::Kind::kNot);
  EXPECT_EQ(Filter::negation(a).children, std::vector{a});
}

}  // namespace
}  // namespace slate
