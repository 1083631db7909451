#include "query/url_query.h"

#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "query/bound_query.h"
#include "query/bound_text.h"
#include "query/testing/example_schema.h"

namespace slate {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

const Schema& schema() {
  static const Schema instance = example_schema();
  return instance;
}

Result<UrlQuery> read(const Parameters& parameters, const ListView* list = nullptr) {
  return query_from_url(parameters, UrlNames{.schema = schema(), .list = list});
}

// The filter, bound, as text; or the error.
std::string filter_of(const Parameters& parameters, const ListView* list = nullptr) {
  const auto query = read(parameters, list);
  if (!query) return query.error().to_string();
  return bound_text(bind_filter(query->query.filter, schema()).value(), schema());
}

std::string error_of(const Parameters& parameters, const ListView* list = nullptr) {
  const auto query = read(parameters, list);
  return query ? "no error" : query.error().to_string();
}

struct Case {
  Parameters parameters;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  for (const auto& [name, value] : c.parameters) out << name << '=' << value << '&';
  return out;
}

class UrlFilter : public testing::TestWithParam<Case> {};
TEST_P(UrlFilter, reads_as) { EXPECT_EQ(filter_of(GetParam().parameters), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Conditions, UrlFilter,
    testing::Values(
        Case{{}, "true"}, Case{{{"status", "active"}}, "status = 'active'"},
        Case{{{"status__eq", "active"}}, "status = 'active'"}, Case{{{"status", ""}}, "status = ''"},
        Case{{{"revenue__gt", "50000"}}, "revenue (50000f, )"},
        Case{{{"name__icontains", "Foo"}}, "name folded contains 'foo'"},
        Case{{{"closed_at__isnull", "true"}}, "closed_at isnull"},
        Case{{{"closed_at__isnull", "false"}}, "not(closed_at isnull)"},
        Case{{{"address.city", "Paris"}}, "address.city = 'Paris'"},
        Case{{{"address.zip__gte", "75000"}}, "address.zip [75000, )"}, Case{{{"_id", "r1"}}, "_id = 'r1'"},
        Case{{{"_id__in", "r1,r2"}}, "_id in {'r1', 'r2'}"},
        Case{{{"contacts_count__between", "1,5"}}, "contacts_count [1, 5]"},
        Case{{{"tags__in", "a,b"}, {"is_open", "true"}}, "and(tags in {'a', 'b'}, is_open = 1)"},
        Case{{{"status__ne", "a"}, {"status__ne", "b"}}, "and(not(status = 'a'), not(status = 'b'))"},
        Case{{{"status", "a"}, {"status", "b"}}, "and(status = 'a', status = 'b')"},
        // A whole name that is a field wins over field and operator.
        Case{{{"odd__gt", "5"}}, "odd__gt = 5"}, Case{{{"odd__gt__gt", "5"}}, "odd__gt (5, )"},
        // A field with a reserved name.
        Case{{{"skip__eq", "5"}}, "skip = 5"}, Case{{{"skip", "5"}}, "true"},
        Case{{{"filter", R"({"field":"skip","op":"eq","value":5})"}}, "skip = 5"},
        Case{
            {{"filter",
              R"({"or":[{"field":"status","op":"eq","value":"a"},{"field":"name","op":"isnull","value":true}]})"},
             {"is_open", "false"}},
            "and(or(status = 'a', name isnull), is_open = 0)"},
        Case{{{"filter", R"({"field":"status","op":"eq","value":"a"})"},
              {"filter", R"({"field":"name","op":"eq","value":"b"})"}},
             "and(status = 'a', name = 'b')"}));

INSTANTIATE_TEST_SUITE_P(
    Lists, UrlFilter,
    testing::Values(
        Case{{{"status__in", "FR,DE"}}, "status in {'DE', 'FR'}"},
        Case{{{"status__in", "FR"}}, "status = 'FR'"}, Case{{{"status__in", ""}}, "false"},
        Case{{{"status__nin", ""}}, "true"}, Case{{{"status__in", ","}}, "status = ''"},
        Case{{{"status__in", "a,"}}, "status in {'', 'a'}"},
        Case{{{"status__in", R"(a\,b,c)"}}, "status in {'a,b', 'c'}"},
        Case{{{"status__in", R"(a\\,b)"}}, R"(status in {'a\', 'b'})"},
        Case{{{"status__in", R"(\\\,)"}}, R"(status = '\,')"},
        // Elsewhere a comma and a backslash are themselves.
        Case{{{"status", R"(a\,b)"}}, R"(status = 'a\,b')"},
        Case{
            {{"status__in", R"(a\b)"}},
            R"(invalid_argument: status__in: a backslash must be followed by a comma or a backslash (hint: a backslash in a value is written \\))"},
        Case{
            {{"status__in", R"(a\)"}},
            R"(invalid_argument: status__in: a backslash must be followed by a comma or a backslash (hint: a backslash in a value is written \\))"}));

INSTANTIATE_TEST_SUITE_P(
    Refusals, UrlFilter,
    testing::Values(
        Case{{{"statsu", "x"}},
             R"(invalid_argument: statsu: there is no field "statsu" (hint: did you mean "status"?))"},
        Case{{{"statsu__in", "x"}},
             R"(invalid_argument: statsu__in: there is no field "statsu" (hint: did you mean "status"?))"},
        Case{
            {{"status__icontain", "x"}},
            R"(invalid_argument: status__icontain: there is no operator "icontain" (hint: did you mean "icontains"?))"},
        Case{
            {{"status__", "x"}},
            R"(invalid_argument: status__: there is no operator "" (hint: one of eq, ne, gt, gte, lt, lte, between, in, )"
            "nin, icontains, istartswith, iendswith, ieq, contains, startswith, endswith, isnull, empty)"},
        Case{{{"__gt", "x"}}, R"(invalid_argument: __gt: there is no field "__gt")"},
        Case{{{"", "x"}}, R"(invalid_argument: : there is no field "")"},
        Case{
            {{"address__city", "Paris"}},
            R"(invalid_argument: address__city: there is no field "address__city" (hint: did you mean "address.city"?))"},
        Case{
            {{"address", "x"}},
            R"(invalid_argument: address: "address" is a map: name one of the fields inside it (hint: address.city, address.zip))"},
        Case{{{"contacts_count__gt", "abc"}},
             R"(invalid_argument: contacts_count__gt: expected an int, got "abc")"},
        Case{
            {{"contacts_count__icontains", "1"}},
            R"(invalid_argument: contacts_count__icontains: operator "icontains" does not fit an int (hint: operators that fit: eq ne gt gte lt lte between in nin isnull))"},
        Case{{{"contacts_count__between", "1"}},
             R"(invalid_argument: contacts_count__between: "between" takes two values, got 1)"},
        Case{{{"closed_at__isnull", "1"}},
             R"(invalid_argument: closed_at__isnull: expected true or false, got "1")"},
        Case{{{"status", "\xFF"}}, R"(invalid_argument: status: expected valid UTF-8, got "?")"},
        Case{{{"st\xFFtus", "a"}},
             R"(invalid_argument: st?tus: there is no field "st?tus" (hint: did you mean "status"?))"},
        Case{{{"filter", R"({"field":"nope","op":"eq","value":1})"}},
             R"(invalid_argument: filter: there is no field "nope")"},
        Case{{{"filter", R"({"field":"contacts_count","op":"eq","value":"x"})"}},
             "invalid_argument: filter: contacts_count: expected an int, got a string"},
        Case{
            {{"filter", R"({"and":[{"field":"status","op":"equals","value":"x"}]})"}},
            R"(invalid_argument: filter: and[0].op: unknown operator "equals" (hint: one of eq, ne, gt, gte, lt, lte, between, in, nin, icontains, istartswith, iendswith, ieq, contains, startswith, endswith, isnull, empty))"}));

TEST(UrlQuery, values_of_conditions_are_text) {
  const auto query = read({{"contacts_count", "12"}});
  ASSERT_TRUE(query);
  const std::vector<Literal> expected{{.value = Value("12"), .is_text = true}};
  EXPECT_EQ(query->query.filter->values, expected);
}

TEST(UrlQuery, paging_is_read_and_cursor_and_count_are_handed_on_untouched) {
  const auto query =
      read({{"skip", "18446744073709551615"}, {"take", "0"}, {"cursor", "!\xFF"}, {"count", "whatever"}});
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_EQ(query->query.skip, UINT64_MAX);
  EXPECT_EQ(query->query.take, 0u);
  EXPECT_EQ(query->cursor, "!\xFF");
  EXPECT_EQ(query->count, "whatever");
  EXPECT_FALSE(query->query.filter);
}

TEST(UrlQuery, what_is_not_given_stays_absent) {
  const auto query = read({});
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->query.filter || query->query.take || query->query.columns || query->cursor ||
               query->count);
  EXPECT_EQ(query->query.skip, 0u);
}

TEST(UrlQuery, numbers_that_are_none_are_refused) {
  for (const char* name : {"skip", "take"})
    for (const char* value : {"", "-1", "+1", "1.5", "1e3", " 1", "1 ", "18446744073709551616", "abc"})
      EXPECT_EQ(error_of({{name, value}}),
                std::string("invalid_argument: ") + name +
                    ": expected a whole number from 0 to 18446744073709551615, got \"" + value + '"');
}

TEST(UrlQuery, reserved_parameters_come_once) {
  for (const char* name : {"skip", "take", "sort", "columns", "cursor", "count"})
    EXPECT_EQ(error_of({{name, "1"}, {name, "1"}}),
              std::string("invalid_argument: ") + name + ": \"" + name + "\" is given twice");
}

TEST(UrlQuery, sort_keys_carry_direction_and_place_of_nulls) {
  const auto query = read({{"sort", "-score:nulls_first,name,_id:nulls_last"}});
  ASSERT_TRUE(query) << query.error().to_string();
  const std::vector<SortKey> expected{
      {.field = "score", .direction = Direction::kDescending, .nulls = Nulls::kFirst},
      {.field = "name"},
      {.field = "_id"}};
  EXPECT_EQ(query->query.sort, expected);
}

TEST(UrlQuery, a_wrong_sort_names_its_parameter) {
  EXPECT_EQ(error_of({{"sort", ""}}), "invalid_argument: sort: expected the name of a field, got nothing");
  EXPECT_EQ(error_of({{"sort", "name,"}}),
            "invalid_argument: sort: expected the name of a field, got nothing");
  EXPECT_EQ(error_of({{"sort", "-"}}), R"(invalid_argument: sort: there is no field "")");
  EXPECT_EQ(error_of({{"sort", "--name"}}),
            R"(invalid_argument: sort: there is no field "-name" (hint: did you mean "name"?))");
  EXPECT_EQ(error_of({{"sort", "nam"}}),
            R"(invalid_argument: sort: there is no field "nam" (hint: did you mean "name"?))");
  EXPECT_EQ(error_of({{"sort", "tags"}}), R"(invalid_argument: sort: "tags" is a list: lists have no order)");
  EXPECT_EQ(error_of({{"sort", "name,-name"}}),
            R"(invalid_argument: sort: the sort has field "name" twice: expected each once)");
  EXPECT_EQ(error_of({{"sort", "name:nulls"}}),
            R"(invalid_argument: sort: expected ":nulls_first" or ":nulls_last", got ":nulls")");
  std::string many = "name";
  for (int i = 0; i < 16; ++i) many += ",name";
  EXPECT_EQ(error_of({{"sort", many}}), "invalid_argument: sort: a sort has at most 16 keys, got 17");
}

TEST(UrlQuery, columns_are_names_separated_by_commas) {
  const auto query = read({{"columns", "name,address,_id"}});
  ASSERT_TRUE(query);
  EXPECT_EQ(query->query.columns, (std::vector<std::string>{"name", "address", "_id"}));
  EXPECT_EQ(error_of({{"columns", "name,nope"}}), R"(invalid_argument: columns: there is no field "nope")");
  EXPECT_EQ(error_of({{"columns", ""}}),
            "invalid_argument: columns: expected the name of a field, got nothing");
}

TEST(UrlQuery, conditions_are_limited) {
  const Parameters most(128, {"status", "a"});
  EXPECT_TRUE(read(most));
  auto more = most;
  more.emplace_back("name", "b");
  EXPECT_EQ(error_of(more), "invalid_argument: name: a query has at most 128 conditions");
  // Those inside filter= count as well, wherever they stand.
  more = most;
  more.emplace_back("filter", R"({"field":"name","op":"eq","value":"b"})");
  EXPECT_EQ(error_of(more), "invalid_argument: filter: a query has at most 128 conditions");
  EXPECT_EQ(error_of(Parameters(129, {"filter", R"({"and":[]})"})),
            "invalid_argument: filter: a query has at most 128 filters");
}

TEST(UrlQuery, values_of_in_are_limited) {
  std::string thousand = "0";
  for (int i = 1; i < 1000; ++i) thousand += ',' + std::to_string(i);
  EXPECT_TRUE(read({{"contacts_count__in", thousand}}));
  EXPECT_EQ(error_of({{"contacts_count__in", thousand + ",1000"}}),
            R"(invalid_argument: contacts_count__in: "in" takes at most 1000 values)");
  EXPECT_EQ(error_of({{"contacts_count__nin", std::string(60000, ',')}}),
            R"(invalid_argument: contacts_count__nin: "nin" takes at most 1000 values)");
}

TEST(UrlQuery, a_parameter_of_a_megabyte_is_refused_and_not_repeated) {
  EXPECT_EQ(error_of({{"status", std::string(1 << 20, 'x')}}),
            "invalid_argument: status: a value in a URL has at most 65536 bytes, got 1048576");
  const auto error = error_of({{std::string(1 << 20, 'x'), "a"}});
  EXPECT_TRUE(error.ends_with(": the name of a parameter has at most 1024 bytes")) << error;
  EXPECT_LT(error.size(), 256u);
}

TEST(UrlQuery, deep_json_is_refused) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += R"({"not":)";
  EXPECT_TRUE(error_of({{"filter", deep}}).starts_with("invalid_argument: filter: "));
  std::string nine = R"({"field":"status","op":"eq","value":"a"})";
  for (int i = 0; i < 9; ++i) nine = R"({"not":)" + nine + '}';
  EXPECT_EQ(error_of({{"filter", nine}}),
            "invalid_argument: filter: not.not.not.not.not.not.not.not: groups nest at most 8 deep");
}

TEST(UrlQuery, the_deepest_filter_still_fits_beside_a_condition) {
  std::string eight = R"({"field":"name","op":"eq","value":"a"})";
  for (int i = 0; i < 4; ++i)
    eight = R"({"or":[{"not":)" + eight + R"(},{"field":"name","op":"isnull","value":true}]})";
  const auto query = read({{"filter", eight}, {"status", "b"}});
  ASSERT_TRUE(query) << query.error().to_string();
  EXPECT_TRUE(bind_filter(query->query.filter, schema()));
}

TEST(UrlQuery, a_list_shows_its_columns_only) {
  ListView list;
  list.id = "leads";
  list.columns = {{.field = "name"}, {.field = "address"}, {.field = "status", .hidden = true}};
  EXPECT_EQ(filter_of({{"status", "a"}, {"address.city", "b"}, {"_id", "c"}}, &list),
            "and(status = 'a', address.city = 'b', _id = 'c')");
  EXPECT_TRUE(read({{"sort", "-address.zip,status,_id"}, {"columns", "status,address.city,_id"}}, &list));
  EXPECT_EQ(error_of({{"revenue__gt", "1"}}, &list),
            R"(invalid_argument: revenue__gt: there is no field "revenue" in list "leads")");
  EXPECT_EQ(
      error_of({{"nam__gt", "1"}}, &list),
      R"(invalid_argument: nam__gt: there is no field "nam" in list "leads" (hint: did you mean "name"?))");
  EXPECT_EQ(error_of({{"address.town", "1"}}, &list),
            R"(invalid_argument: address.town: there is no field "address.town")");
  EXPECT_EQ(error_of({{"sort", "revenue"}}, &list),
            R"(invalid_argument: sort: there is no field "revenue" in list "leads")");
  EXPECT_EQ(error_of({{"columns", "name,revenue"}}, &list),
            R"(invalid_argument: columns: there is no field "revenue" in list "leads")");
  EXPECT_EQ(error_of({{"filter", R"({"not":{"field":"revenue","op":"isnull","value":true}})"}}, &list),
            R"(invalid_argument: filter: there is no field "revenue" in list "leads")");
}

TEST(UrlQuery, hints_of_a_list_never_tell_of_fields_beyond_it) {
  ListView list;
  list.id = "leads";
  list.columns = {{.field = "name"}};
  EXPECT_EQ(error_of({{"revenu", "1"}}, &list),
            R"(invalid_argument: revenu: there is no field "revenu" in list "leads")");
}

}  // namespace
}  // namespace slate
