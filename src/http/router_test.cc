#include "http/router.h"

#include <gtest/gtest.h>

#include "http/url.h"

namespace slate::http {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const auto& [method, pattern] : {std::pair{Method::kGet, "/"},
                                          {Method::kGet, "/v1/lists"},
                                          {Method::kGet, "/v1/lists/{id}"},
                                          {Method::kPut, "/v1/lists/{id}"},
                                          {Method::kGet, "/v1/lists/{id}/values/{field}"},
                                          {Method::kPost, "/v1/lists/import"},
                                          {Method::kGet, "/v1/{kind}/all"}})
      router_.add(method, pattern, [](Request, Respond) {});
  }
  Router::Match match(std::optional<Method> method, std::string_view path) {
    const auto target = parse_target(path);
    return router_.match(method, target->segments);
  }
  std::string pattern(Method method, std::string_view path) {
    const auto found = match(method, path);
    return found.route == nullptr ? "none" : found.route->pattern;
  }
  Router router_;
};

TEST_F(RouterTest, literal_path_finds_its_route) {
  EXPECT_EQ(pattern(Method::kGet, "/"), "/");
  EXPECT_EQ(pattern(Method::kGet, "/v1/lists"), "/v1/lists");
  EXPECT_EQ(pattern(Method::kGet, "/v1/l%69sts"), "/v1/lists");
}

TEST_F(RouterTest, names_take_one_segment_each_decoded) {
  const auto found = match(Method::kGet, "/v1/lists/a%2Fb/values/x%20y");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.params, (NamedValues{{"id", "a/b"}, {"field", "x y"}}));
}

TEST_F(RouterTest, name_does_not_match_an_empty_segment) {
  EXPECT_EQ(pattern(Method::kGet, "/v1/lists/"), "none");
  EXPECT_TRUE(match(Method::kGet, "/v1/lists/").allow.empty());
}

TEST_F(RouterTest, longer_and_shorter_paths_do_not_match) {
  EXPECT_EQ(pattern(Method::kGet, "/v1"), "none");
  EXPECT_EQ(pattern(Method::kGet, "/v1/lists/a/b"), "none");
}

TEST_F(RouterTest, literal_segment_wins_over_a_name_from_the_left) {
  EXPECT_EQ(pattern(Method::kPost, "/v1/lists/import"), "/v1/lists/import");
  EXPECT_EQ(pattern(Method::kGet, "/v1/lists/all"), "/v1/lists/{id}");
  EXPECT_EQ(pattern(Method::kGet, "/v1/other/all"), "/v1/{kind}/all");
}

TEST_F(RouterTest, less_literal_route_serves_a_method_that_the_other_lacks) {
  EXPECT_EQ(pattern(Method::kGet, "/v1/lists/import"), "/v1/lists/{id}");
}

TEST_F(RouterTest, head_is_served_by_get) { EXPECT_EQ(pattern(Method::kHead, "/v1/lists"), "/v1/lists"); }

TEST_F(RouterTest, other_methods_are_told_what_the_path_takes) {
  EXPECT_EQ(match(Method::kDelete, "/v1/lists/a").allow, "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(match(Method::kDelete, "/v1/lists/import").allow, "GET, HEAD, POST, PUT, OPTIONS");
  EXPECT_EQ(match(std::nullopt, "/v1/lists").allow, "GET, HEAD, OPTIONS");
  EXPECT_TRUE(match(Method::kDelete, "/nowhere").allow.empty());
}

using RouterDeathTest = RouterTest;

TEST_F(RouterDeathTest, route_added_twice_is_a_defect) {
  EXPECT_DEATH(router_.add(Method::kGet, "/v1/lists", nullptr), "once");
  EXPECT_DEATH(router_.add(Method::kDelete, "/v1/lists/{other}", nullptr), "same names");
}

}  // namespace
}  // namespace slate::http
