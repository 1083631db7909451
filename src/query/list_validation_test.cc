#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <slate/list_view.h>

#include "query/testing/example_schema.h"

namespace slate {
namespace {

ListView leads() {
  ListView list;
  list.id = "leads";
  list.datasource = "prospects";
  list.columns = {{.field = "name"}, {.field = "address"}};
  return list;
}

std::string error_of(const ListView& list) {
  const auto warnings = validate(list, example_datasource());
  return warnings ? "no error" : warnings.error().to_string();
}

std::vector<std::string> warnings_of(const ListView& list) {
  const auto warnings = validate(list, example_datasource());
  return warnings ? *warnings : std::vector{warnings.error().to_string()};
}

ListView sorted_by(std::string field) {
  auto list = leads();
  list.sort = {{.field = std::move(field), .direction = Direction::kDescending}};
  return list;
}

ListView filtered(Filter filter) {
  auto list = leads();
  list.filter = std::move(filter);
  return list;
}

const Filter kStatus = Filter::condition("status", Op::kEq, Value("a"));

TEST(ValidateList, a_plain_list_is_sound_and_warns_of_nothing) {
  EXPECT_EQ(warnings_of(leads()), std::vector<std::string>{});
}

TEST(ValidateList, its_id_follows_the_rules_of_names) {
  for (const std::string id : {"", "_leads", "1leads", "le ads", "l\xFF", "a/b"}) {
    auto list = leads();
    list.id = id;
    const auto result = validate(list, example_datasource());
    ASSERT_FALSE(result) << id;
    EXPECT_EQ(result.error().field(), "id");
  }
  auto list = leads();
  list.id = std::string(63, 'a');
  EXPECT_TRUE(validate(list, example_datasource()));
  list.id += 'a';
  EXPECT_FALSE(validate(list, example_datasource()));
}

TEST(ValidateList, it_is_checked_against_its_own_datasource) {
  auto list = leads();
  list.datasource = "others";
  EXPECT_EQ(
      error_of(list),
      R"(invalid_argument: datasource: the list is of datasource "others", and was checked against "prospects")");
}

TEST(ValidateList, an_unsound_datasource_is_refused_first) {
  auto datasource = example_datasource();
  datasource.fields.push_back(datasource.fields.front());
  EXPECT_FALSE(validate(leads(), datasource));
}

TEST(ValidateList, columns_exist_and_come_once) {
  auto list = leads();
  list.columns.clear();
  EXPECT_EQ(error_of(list), "invalid_argument: columns: a list has at least one column");
  list.columns = {{.field = "name"}, {.field = "statsu"}};
  EXPECT_EQ(
      error_of(list),
      R"(invalid_argument: columns[1].field: there is no field "statsu" (hint: did you mean "status"?))");
  list.columns = {{.field = "name"}, {.field = "name"}};
  EXPECT_EQ(error_of(list), R"(invalid_argument: columns[1].field: the list has field "name" twice)");
  list.columns = {{.field = "address"}, {.field = "address.zip"}};
  EXPECT_EQ(error_of(list), R"(invalid_argument: columns[1].field: the list has field "address.zip" twice)");
  list.columns = {{.field = "_id"}, {.field = "address.zip"}, {.field = "tags"}, {.field = "people"}};
  EXPECT_EQ(error_of(list), "no error");
  list.columns = std::vector<ListColumn>(1025, {.field = "name"});
  EXPECT_EQ(error_of(list), "invalid_argument: columns: a list has at most 1024 columns, got 1025");
}

TEST(ValidateList, text_for_people_is_utf8) {
  auto list = leads();
  list.title = "\xFF";
  EXPECT_EQ(error_of(list), "invalid_argument: title: expected valid UTF-8");
  list.title = "Kontakte für alle";
  list.columns[1].label = "\xC3";
  EXPECT_EQ(error_of(list), "invalid_argument: columns[1].label: expected valid UTF-8");
}

TEST(ValidateList, page_sizes_have_limits) {
  const auto with_sizes = [](std::uint32_t size, std::uint32_t most) {
    auto list = leads();
    list.page_size = size;
    list.max_page_size = most;
    return list;
  };
  EXPECT_EQ(error_of(with_sizes(1, 1)), "no error");
  EXPECT_EQ(error_of(with_sizes(10000, 10000)), "no error");
  EXPECT_EQ(error_of(with_sizes(0, 1000)), "invalid_argument: pageSize: expected 1 to 10000, got 0");
  EXPECT_EQ(error_of(with_sizes(10001, 10001)), "invalid_argument: pageSize: expected 1 to 10000, got 10001");
  EXPECT_EQ(error_of(with_sizes(1, 0)), "invalid_argument: maxPageSize: expected 1 to 10000, got 0");
  EXPECT_EQ(error_of(with_sizes(1, 10001)), "invalid_argument: maxPageSize: expected 1 to 10000, got 10001");
  EXPECT_EQ(error_of(with_sizes(200, 100)),
            "invalid_argument: pageSize: expected at most maxPageSize, 100, got 200");
}

TEST(ValidateList, filter_and_sort_must_bind) {
  EXPECT_EQ(error_of(filtered(Filter::condition("contacts_count", Op::kGt, Value("x")))),
            "invalid_argument: filter: contacts_count: expected an int, got a string");
  EXPECT_EQ(error_of(filtered(Filter::condition("nope", Op::kGt, Value("x")))),
            R"(invalid_argument: filter: there is no field "nope")");
  EXPECT_EQ(error_of(sorted_by("tags")), R"(invalid_argument: sort: "tags" is a list: lists have no order)");
  ListView twice = sorted_by("name");
  twice.sort.push_back({.field = "name"});
  EXPECT_EQ(error_of(twice),
            R"(invalid_argument: sort: the sort has field "name" twice: expected each once)");
  EXPECT_EQ(error_of(sorted_by("nope")), R"(invalid_argument: sort: there is no field "nope")");
}

TEST(ValidateList, its_own_filter_keeps_the_limits_of_one_filter) {
  EXPECT_EQ(error_of(filtered(Filter::all_of(std::vector<Filter>(129, kStatus)))),
            "invalid_argument: filter: a filter has at most 128 conditions, got 129");
  auto deep = kStatus;
  for (int i = 0; i < 9; ++i) deep = Filter::negation(deep);
  EXPECT_EQ(error_of(filtered(deep)), "invalid_argument: filter: groups nest at most 8 deep, got 9");
}

TEST(ListWarnings, a_sort_that_no_index_serves_names_the_index_to_add) {
  EXPECT_EQ(warnings_of(sorted_by("contacts_count")),
            std::vector<std::string>{
                "sort by contacts_count is served by no index: add `indexed: true` to field contacts_count"});
  EXPECT_EQ(warnings_of(sorted_by("address.city")),
            std::vector<std::string>{
                "sort by address.city is served by no index: add `indexed: true` to field address.city"});
}

TEST(ListWarnings, a_field_that_expires_is_never_recommended) {
  EXPECT_EQ(
      warnings_of(sorted_by("score")),
      std::vector<std::string>{"sort by score is served by no index: field score cannot be indexed, because "
                               "its cells expire (ttlSeconds)"});
  EXPECT_EQ(warnings_of(filtered(Filter::all_of({Filter::condition("score", Op::kEq, Value(1)),
                                                 Filter::condition("name", Op::kGt, Value("a"))}))),
            std::vector<std::string>{"filter is served by no index: add `indexed: true` to field name"});
}

TEST(ListWarnings, indexed_fields_and_ids_need_none) {
  EXPECT_EQ(warnings_of(sorted_by("status")), std::vector<std::string>{});
  EXPECT_EQ(warnings_of(sorted_by("_id")), std::vector<std::string>{});
  EXPECT_EQ(warnings_of(filtered(kStatus)), std::vector<std::string>{});
  EXPECT_EQ(warnings_of(filtered(Filter::condition("_id", Op::kEq, Value("a")))), std::vector<std::string>{});
}

TEST(ListWarnings, a_compound_index_serves_a_sort_behind_what_the_filter_holds_equal) {
  auto list = sorted_by("contacts_count");
  list.filter = kStatus;
  EXPECT_EQ(warnings_of(list), std::vector<std::string>{});
  list.filter = Filter::condition("status", Op::kGt, Value("a"));
  EXPECT_EQ(warnings_of(list).size(), 1u);
  list.filter = Filter::any_of({kStatus, Filter::condition("name", Op::kEq, Value("a"))});
  EXPECT_EQ(warnings_of(list).size(), 2u);
}

TEST(ListWarnings, one_condition_that_an_index_serves_is_enough) {
  EXPECT_EQ(
      warnings_of(filtered(Filter::all_of({Filter::condition("name", Op::kIcontains, Value("a")), kStatus}))),
      std::vector<std::string>{});
}

TEST(ListWarnings, every_kind_of_condition_that_an_index_serves_is_known) {
  for (const auto& served : {Filter::condition("status", Op::kIn, std::vector<Value>{"a", "b"}),
                             Filter::condition("status", Op::kGt, "a"),
                             Filter::condition("status", Op::kBetween, std::vector<Value>{"a", "b"}),
                             Filter::condition("status", Op::kIsnull, Value(true)),
                             Filter::condition("status", Op::kStartswith, "a")})
    EXPECT_EQ(warnings_of(filtered(served)), std::vector<std::string>{}) << op_name(served.op);
  for (const auto& unserved :
       {Filter::condition("status", Op::kIcontains, Value("a")),
        Filter::condition("status", Op::kEndswith, "a"), Filter::condition("status", Op::kIstartswith, "a"),
        Filter::condition("status", Op::kNe, "a"), Filter::condition("tags", Op::kEq, Value("a"))})
    EXPECT_EQ(warnings_of(filtered(unserved)).size(), 1u) << op_name(unserved.op);
}

TEST(ListWarnings, an_index_of_a_nocase_field_serves_what_ignores_case) {
  Datasource datasource = example_datasource();
  datasource.fields[0].collation = Collation::kNocase;
  for (const Op op : {Op::kIeq, Op::kIstartswith, Op::kStartswith})
    EXPECT_EQ(validate(filtered(Filter::condition("status", op, "a")), datasource).value(),
              std::vector<std::string>{})
        << op_name(op);
  EXPECT_EQ(validate(filtered(Filter::condition("status", Op::kIendswith, "a")), datasource)->size(), 1u);
  EXPECT_EQ(warnings_of(filtered(Filter::condition("status", Op::kIeq, "a"))).size(), 1u);
}

TEST(ListWarnings, the_most_selective_condition_names_the_index_to_add) {
  EXPECT_EQ(
      warnings_of(filtered(Filter::all_of({Filter::condition("closed_at", Op::kGt, Value(0)),
                                           Filter::condition("name", Op::kIn, std::vector<Value>{"a", "b"}),
                                           Filter::condition("address.city", Op::kEq, Value("Paris")),
                                           Filter::condition("contacts_count", Op::kEq, Value(1))}))),
      std::vector<std::string>{"filter is served by no index: add `indexed: true` to field address.city"});
}

TEST(ListWarnings, a_filter_that_no_index_could_serve_says_so) {
  EXPECT_EQ(warnings_of(filtered(Filter::condition("name", Op::kIcontains, Value("a")))),
            std::vector<std::string>{"filter is served by no index, and no index could serve it: every row "
                                     "is examined; a condition with "
                                     "eq, in, a range, isnull or startswith beside it could be indexed"});
}

}  // namespace
}  // namespace slate
