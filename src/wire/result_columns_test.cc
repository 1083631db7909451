#include "wire/result_columns.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace slate::wire {
namespace {

std::vector<ResultColumn> two_columns() {
  return {{.field = "name", .type = Type::kString, .items = {}},
          {.field = "tags", .type = Type::kList, .items = {{.name = "", .type = Type::kInt}}}};
}

TEST(ResultColumns, come_back_from_their_message) {
  const ResultColumns sent(two_columns());
  std::optional<ResultColumns> got;
  // Another thread remembers nothing of this one.
  std::thread([&] { got = ResultColumns::read(std::string(sent.message())).value(); }).join();
  ASSERT_EQ(got->list().size(), 2u);
  EXPECT_EQ(got->list()[0].field, "name");
  EXPECT_EQ(got->list()[1].type, Type::kList);
  EXPECT_EQ(got->list()[1].items, two_columns()[1].items);
  EXPECT_EQ(got->message(), sent.message());
}

TEST(ResultColumns, that_are_the_same_are_made_once) {
  const ResultColumns first(two_columns());
  EXPECT_EQ(ResultColumns(two_columns()).message().data(), first.message().data());
  EXPECT_EQ(&ResultColumns::read(std::string(first.message()))->list(), &first.list());
}

TEST(ResultColumns, that_differ_are_told_apart) {
  const ResultColumns first(two_columns());
  auto others = two_columns();
  others[1].items[0].type = Type::kString;
  EXPECT_EQ(ResultColumns(others).list()[1].items, others[1].items);
  EXPECT_NE(ResultColumns(others).message(), first.message());
  EXPECT_EQ(ResultColumns::read(first.message())->list()[1].items, two_columns()[1].items);
}

TEST(ResultColumns, outlive_those_that_a_thread_remembers) {
  const ResultColumns first(two_columns());
  for (int i = 0; i < 100; ++i) {
    const std::string name = "column " + std::to_string(i);
    const ResultColumns other({{.field = name, .type = Type::kInt, .items = {}}});
    EXPECT_EQ(other.list().front().field, name);
  }
  EXPECT_EQ(first.list()[0].field, "name");
  EXPECT_EQ(ResultColumns(two_columns()).message(), first.message());
}

TEST(ResultColumns, of_no_columns_are_no_bytes) {
  EXPECT_TRUE(ResultColumns(std::vector<ResultColumn>()).message().empty());
  EXPECT_TRUE(ResultColumns::read("")->list().empty());
}

TEST(ResultColumns, bytes_that_are_none_are_refused_and_not_remembered) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ResultColumns::read("\xff\xff").error().reason(), Reason::kInvalidArgument);
    // A type that there is not.
    EXPECT_EQ(ResultColumns::read("\x0a\x02\x10\x63").error().reason(), Reason::kUnimplemented);
  }
}

}  // namespace
}  // namespace slate::wire
