#include "http/headers.h"

#include <gtest/gtest.h>

namespace slate::http {
namespace {

TEST(Headers, names_compare_without_case) {
  const Headers headers{{"Content-Type", "a"}};
  EXPECT_EQ(headers.get("content-TYPE"), "a");
  EXPECT_FALSE(headers.has("Content-Typ"));
}

TEST(Headers, first_value_and_all_values_keep_their_order) {
  Headers headers{{"Accept", "a"}, {"X", "1"}};
  headers.add("accept", "b");
  EXPECT_EQ(headers.get("ACCEPT"), "a");
  EXPECT_EQ(headers.all("ACCEPT"), (std::vector<std::string_view>{"a", "b"}));
}

TEST(Headers, set_replaces_every_value_of_the_name) {
  Headers headers{{"A", "1"}, {"a", "2"}, {"B", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers.all("a"), (std::vector<std::string_view>{"4"}));
  EXPECT_EQ(headers.size(), 2u);
}

}  // namespace
}  // namespace slate::http
