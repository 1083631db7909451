#include "query/list_query.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "query/bound_query.h"
#include "query/testing/example_schema.h"

namespace slate {
namespace {

ListView leads() {
  ListView list;
  list.id = "leads";
  list.datasource = "prospects";
  list.columns = {{.field = "name"},
                  {.field = "contacts_count"},
                  {.field = "address"},
                  {.field = "status", .hidden = true}};
  list.filter = Filter::condition("revenue", Op::kGt, Value(0));
  list.sort = {{.field = "revenue", .direction = Direction::kDescending}};
  list.page_size = 50;
  list.max_page_size = 100;
  return list;
}

Query filtered(Filter filter) {
  Query query;
  query.filter = std::move(filter);
  return query;
}
Query sorted_by(std::string field) {
  Query query;
  query.sort.push_back({.field = std::move(field)});
  return query;
}
Query with_columns(std::vector<std::string> columns) {
  Query query;
  query.columns = std::move(columns);
  return query;
}
Query taking(std::uint64_t take) {
  Query query;
  query.take = take;
  return query;
}

std::string error_of(const Query& narrowing) {
  const auto query = list_query(leads(), narrowing, Paging::kPage);
  return query ? "no error" : query.error().to_string();
}

TEST(ListQuery, a_request_for_nothing_special_gets_the_list_as_it_is_saved) {
  const auto query = list_query(leads(), {}, Paging::kPage);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->filter, leads().filter);
  EXPECT_EQ(query->sort, leads().sort);
  EXPECT_EQ(query->columns, (std::vector<std::string>{"name", "contacts_count", "address"}));
  EXPECT_EQ(query->take, 50u);
  EXPECT_EQ(query->skip, 0u);
}

TEST(ListQuery, a_request_narrows_the_filter_and_never_replaces_it) {
  const auto mine = Filter::condition("status", Op::kEq, Value("a"));
  EXPECT_EQ(list_query(leads(), filtered(mine), Paging::kPage)->filter,
            Filter::all_of({*leads().filter, mine}));
  // An `or` cannot reach beside the list's own filter.
  const auto wide = Filter::any_of({mine, Filter::condition("name", Op::kIsnull, Value(false))});
  EXPECT_EQ(list_query(leads(), filtered(wide), Paging::kPage)->filter,
            Filter::all_of({*leads().filter, wide}));
}

TEST(ListQuery, filters_that_are_ands_join_without_a_deeper_group) {
  auto list = leads();
  const auto a = Filter::condition("revenue", Op::kGt, Value(0));
  const auto b = Filter::condition("score", Op::kGt, Value(0));
  const auto c = Filter::condition("name", Op::kEq, Value("c"));
  const auto d = Filter::condition("name", Op::kEq, Value("d"));
  list.filter = Filter::all_of({a, b});
  EXPECT_EQ(list_query(list, filtered(Filter::all_of({c, d})), Paging::kPage)->filter,
            Filter::all_of({a, b, c, d}));
}

TEST(ListQuery, the_largest_filters_of_list_and_request_bind_together) {
  auto deepest = Filter::condition("name", Op::kEq, Value("a"));
  for (int i = 0; i < 4; ++i)
    deepest =
        Filter::any_of({Filter::negation(deepest), Filter::condition("name", Op::kIsnull, Value(true))});
  std::vector<Filter> parts(FilterLimits::kConditions - 5, Filter::condition("status", Op::kEq, Value("b")));
  parts.push_back(deepest);
  auto list = leads();
  list.filter = Filter::all_of(std::vector<Filter>(FilterLimits::kConditions, parts.front()));
  const auto query = list_query(list, filtered(Filter::all_of(parts)), Paging::kPage);
  ASSERT_TRUE(query);
  const auto bound = bind_filter(query->filter, example_schema());
  EXPECT_TRUE(bound) << bound.error().to_string();
}

TEST(ListQuery, a_request_has_no_more_conditions_because_the_list_has_few) {
  const auto condition = Filter::condition("status", Op::kEq, Value("b"));
  const auto of = [&](std::size_t conditions) {
    return filtered(Filter::any_of(std::vector<Filter>(conditions, condition)));
  };
  EXPECT_TRUE(list_query(leads(), of(FilterLimits::kConditions), Paging::kPage));
  EXPECT_EQ(error_of(of(FilterLimits::kConditions + 1)),
            "invalid_argument: filter: a filter has at most 128 conditions, got 129");
}

TEST(ListQuery, a_list_without_a_filter_takes_the_requests) {
  auto list = leads();
  list.filter.reset();
  const auto mine = Filter::condition("status", Op::kEq, Value("a"));
  EXPECT_EQ(list_query(list, filtered(mine), Paging::kPage)->filter, mine);
  EXPECT_FALSE(list_query(list, {}, Paging::kPage)->filter);
}

TEST(ListQuery, a_sort_replaces_that_of_the_list) {
  const auto query = list_query(leads(), sorted_by("address.city"), Paging::kPage);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->sort, sorted_by("address.city").sort);
}

TEST(ListQuery, hidden_columns_come_only_when_named) {
  const auto query = list_query(leads(), with_columns({"status", "_id", "address.zip"}), Paging::kPage);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->columns, (std::vector<std::string>{"status", "_id", "address.zip"}));
}

TEST(ListQuery, fields_beyond_the_list_are_refused_though_the_list_itself_uses_them) {
  EXPECT_EQ(error_of(filtered(Filter::negation(Filter::condition("revenue", Op::kLt, Value(1))))),
            R"(invalid_argument: revenue: there is no field "revenue" in list "leads")");
  EXPECT_EQ(error_of(sorted_by("revenue")),
            R"(invalid_argument: revenue: there is no field "revenue" in list "leads")");
  EXPECT_EQ(
      error_of(with_columns({"name", "statuss"})),
      R"(invalid_argument: statuss: there is no field "statuss" in list "leads" (hint: did you mean "status"?))");
  // It only begins like one of the list's.
  EXPECT_EQ(
      error_of(sorted_by("names")),
      R"(invalid_argument: names: there is no field "names" in list "leads" (hint: did you mean "name"?))");
}

TEST(ListQuery, a_map_of_which_the_list_has_an_entry_is_not_in_the_list) {
  auto list = leads();
  list.columns = {{.field = "address.city"}};
  EXPECT_FALSE(list_query(list, with_columns({"address"}), Paging::kPage));
  EXPECT_FALSE(list_query(list, with_columns({"address.zip"}), Paging::kPage));
  EXPECT_TRUE(list_query(list, with_columns({"address.city"}), Paging::kPage));
}

TEST(ListQuery, a_page_has_a_maximum) {
  EXPECT_EQ(list_query(leads(), taking(100), Paging::kPage)->take, 100u);
  EXPECT_EQ(list_query(leads(), taking(0), Paging::kPage)->take, 0u);
  EXPECT_EQ(error_of(taking(101)),
            R"(invalid_argument: take: list "leads" gives at most 100 rows a page, got 101)");
}

TEST(ListQuery, an_export_is_whole_unless_told_otherwise) {
  EXPECT_FALSE(list_query(leads(), {}, Paging::kAll)->take);
  EXPECT_EQ(list_query(leads(), taking(5000), Paging::kAll)->take, 5000u);
}

}  // namespace
}  // namespace slate
