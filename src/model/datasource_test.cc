#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include <slate/datasource.h>

#include "model/testing/fields.h"

namespace slate {
namespace {

Field nocase(Field field) {
  field.collation = Collation::kNocase;
  return field;
}

// A datasource in which everything is used once.
Datasource good() {
  Datasource datasource;
  datasource.id = "prospects";
  datasource.title = "Prospects";
  datasource.fields = {scalar("name"),
                       indexed(scalar("status")),
                       indexed(scalar("count", Type::kInt)),
                       with_ttl(scalar("score", Type::kFloat), 86400),
                       list_of("tags", scalar("")),
                       map_of("address", {indexed(nocase(scalar("city"))), scalar("zip")}),
                       with_ttl(map_of("recent", {scalar("page")}), 60),
                       list_of("contacts", map_of("", {scalar("email")}))};
  datasource.indexes = {{{{"status"}, {"count", Direction::kDescending}}}};
  datasource.loader = LoaderConfig();
  datasource.loader->endpoint = "grpc://prospect-loader:50051";
  datasource.loader->ttl = 3600;
  datasource.loader->forward_headers = {"Authorization", "X-SF-Token"};
  return datasource;
}

struct Refusal {
  const char* name;
  std::function<void(Datasource&)> spoil;
  const char* field;
  const char* message;  // a part of it
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class RefusedDatasource : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedDatasource, names_the_field_and_the_rule) {
  Datasource datasource = good();
  ASSERT_TRUE(validate(datasource).has_value());
  GetParam().spoil(datasource);
  const auto valid = validate(datasource);
  ASSERT_FALSE(valid.has_value());
  EXPECT_EQ(valid.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(valid.error().field(), GetParam().field);
  EXPECT_NE(valid.error().message().find(GetParam().message), std::string::npos) << valid.error().message();
}

std::string row_name(const testing::TestParamInfo<Refusal>& info) { return info.param.name; }

Field nested_maps(std::size_t levels) {
  Field field = scalar("leaf");
  for (std::size_t i = 0; i < levels; ++i) field = map_of("m", {std::move(field)});
  return field;
}
Field nested_lists(std::size_t levels) {
  Field field = scalar("");
  for (std::size_t i = 0; i < levels; ++i) field = list_of("", std::move(field));
  field.name = "deep";
  return field;
}

INSTANTIATE_TEST_SUITE_P(
    Names, RefusedDatasource,
    testing::Values(
        Refusal{"empty_id", [](auto& d) { d.id = ""; }, "id", "must not be empty"},
        Refusal{"reserved_id", [](auto& d) { d.id = "_x"; }, "id", "reserved"},
        Refusal{"id_with_slash", [](auto& d) { d.id = "../x"; }, "id", "begin with a letter"},
        Refusal{"id_of_64_bytes", [](auto& d) { d.id = std::string(64, 'a'); }, "id", "at most 63"},
        Refusal{"title_not_utf8", [](auto& d) { d.title = "\xff"; }, "title", "UTF-8"},
        Refusal{"title_too_long", [](auto& d) { d.title = std::string(1025, 'a'); }, "title", "1024"},
        Refusal{"field_without_name", [](auto& d) { d.fields[0].name = ""; }, "fields[0].name", "empty"},
        Refusal{"field_named_id", [](auto& d) { d.fields[1].name = "_id"; }, "fields[1].name", "reserved"},
        Refusal{"field_with_dot", [](auto& d) { d.fields[0].name = "a.b"; }, "fields[0].name", "character"},
        Refusal{"field_twice", [](auto& d) { d.fields[1].name = "name"; }, "fields[1].name", "two fields"},
        Refusal{"entry_twice", [](auto& d) { d.fields[5].fields[1].name = "city"; }, "fields.address[1].name",
                "two"},
        Refusal{"entry_in_element", [](auto& d) { d.fields[7].items[0].fields[0].name = "1"; },
                "fields.contacts.items[0].name", "letter"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Collations, RefusedDatasource,
    testing::Values(Refusal{"nocase_int", [](auto& d) { d.fields[2] = nocase(d.fields[2]); }, "fields.count",
                            "collation: nocase is for strings, this field is of type int"},
                    Refusal{"nocase_list", [](auto& d) { d.fields[4] = nocase(d.fields[4]); }, "fields.tags",
                            "of type list"},
                    Refusal{"nocase_map", [](auto& d) { d.fields[5] = nocase(d.fields[5]); },
                            "fields.address", "of type map"},
                    Refusal{"nocase_element", [](auto& d) { d.fields[4].items[0] = nocase(scalar("")); },
                            "fields.tags.items", "inside a list always compares by code point"},
                    Refusal{"nocase_inside_an_element",
                            [](auto& d) { d.fields[7].items[0].fields[0] = nocase(scalar("email")); },
                            "fields.contacts.items.email", "inside a list"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Shapes, RefusedDatasource,
    testing::Values(Refusal{"list_without_items", [](auto& d) { d.fields[4].items.clear(); }, "fields.tags",
                            "exactly one"},
                    Refusal{"list_with_two_items", [](auto& d) { d.fields[4].items.resize(2); },
                            "fields.tags", "exactly one"},
                    Refusal{"list_with_fields", [](auto& d) { d.fields[4].fields = {scalar("x")}; },
                            "fields.tags", "is for maps"},
                    Refusal{"map_without_fields", [](auto& d) { d.fields[5].fields.clear(); },
                            "fields.address", "at least one"},
                    Refusal{"map_with_items", [](auto& d) { d.fields[5].items = {scalar("")}; },
                            "fields.address", "is for lists"},
                    Refusal{"scalar_with_items", [](auto& d) { d.fields[0].items = {scalar("")}; },
                            "fields.name", "is for lists"},
                    Refusal{"scalar_with_fields", [](auto& d) { d.fields[0].fields = {scalar("x")}; },
                            "fields.name", "is for maps"},
                    Refusal{"named_element", [](auto& d) { d.fields[4].items[0].name = "x"; },
                            "fields.tags.items", "no name"},
                    Refusal{"element_list_without_items",
                            [](auto& d) { d.fields[4].items[0].type = Type::kList; }, "fields.tags.items",
                            "exactly one"},
                    Refusal{"nine_maps", [](auto& d) { d.fields.push_back(nested_maps(9)); },
                            "fields.m.m.m.m.m.m.m.m.m", "8 deep"},
                    Refusal{"nine_lists", [](auto& d) { d.fields.push_back(nested_lists(9)); },
                            "fields.deep.items.items.items.items.items.items.items.items", "8 deep"},
                    Refusal{"too_many_fields",
                            [](auto& d) {
                              for (int i = 0; i < 1024; ++i)
                                d.fields.push_back(scalar(fmt::format("f{}", i)));
                            },
                            "fields.f1014", "at most 1024"},
                    Refusal{"too_many_inside_a_list",
                            [](auto& d) {
                              for (int i = 0; i < 1024; ++i)
                                d.fields[7].items[0].fields.push_back(scalar(fmt::format("f{}", i)));
                            },
                            "fields.contacts.items.f1014", "at most 1024"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Indexes, RefusedDatasource,
    testing::Values(
        Refusal{"indexed_list", [](auto& d) { d.fields[4].indexed = true; }, "fields.tags",
                "list cannot be indexed"},
        Refusal{"indexed_map", [](auto& d) { d.fields[5].indexed = true; }, "fields.address",
                "map cannot be indexed"},
        Refusal{"indexed_element", [](auto& d) { d.fields[4].items[0].indexed = true; }, "fields.tags.items",
                "inside a list cannot be indexed"},
        Refusal{"indexed_in_element", [](auto& d) { d.fields[7].items[0].fields[0].indexed = true; },
                "fields.contacts.items.email", "inside a list cannot be indexed"},
        Refusal{"indexed_with_ttl", [](auto& d) { d.fields[1].ttl_seconds = 5; }, "fields.status",
                "indexed and have"},
        Refusal{"indexed_with_inherited_ttl", [](auto& d) { d.fields[5].ttl_seconds = 5; },
                "fields.address.city", "that of the map"},
        Refusal{"index_without_fields", [](auto& d) { d.indexes[0].fields.clear(); }, "indexes[0].fields",
                "1 to 8"},
        Refusal{"index_of_nine_fields", [](auto& d) { d.indexes[0].fields.resize(9); }, "indexes[0].fields",
                "1 to 8"},
        Refusal{"index_on_unknown", [](auto& d) { d.indexes[0].fields[1].field = "nope"; },
                "indexes[0].fields[1]", "\"nope\""},
        Refusal{"index_on_record_id", [](auto& d) { d.indexes[0].fields[1].field = "_id"; },
                "indexes[0].fields[1]", "expected a field"},
        Refusal{"index_on_map", [](auto& d) { d.indexes[0].fields[0].field = "address"; },
                "indexes[0].fields[0]", "expected a field"},
        Refusal{"index_on_list", [](auto& d) { d.indexes[0].fields[0].field = "tags"; },
                "indexes[0].fields[0]", "is a list"},
        Refusal{"index_in_list", [](auto& d) { d.indexes[0].fields[0].field = "contacts.email"; },
                "indexes[0].fields[0]", "expected a field"},
        Refusal{"index_on_ttl", [](auto& d) { d.indexes[0].fields[0].field = "score"; },
                "indexes[0].fields[0]", "has a TTL"},
        Refusal{"index_on_inherited_ttl", [](auto& d) { d.indexes[0].fields[0].field = "recent.page"; },
                "indexes[0].fields[0]", "has a TTL"},
        Refusal{"index_field_twice", [](auto& d) { d.indexes[0].fields[1].field = "status"; },
                "indexes[0].fields[1]", "twice"},
        Refusal{"index_twice", [](auto& d) { d.indexes.push_back(d.indexes[0]); }, "indexes[1]",
                "another index"},
        Refusal{"index_like_indexed_field", [](auto& d) { d.indexes.push_back({{{"address.city"}}}); },
                "indexes[1]", "another index on address.city"},
        Refusal{"too_many_indexes", [](auto& d) { d.indexes.resize(257); }, "indexes", "at most 256"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Ttls, RefusedDatasource,
    testing::Values(
        Refusal{"ttl_zero", [](auto& d) { d.fields[3].ttl_seconds = 0; }, "fields.score", "got 0"},
        Refusal{"ttl_negative", [](auto& d) { d.fields[3].ttl_seconds = -1; }, "fields.score", "got -1"},
        Refusal{"ttl_beyond_a_century", [](auto& d) { d.fields[3].ttl_seconds = 3155760001; }, "fields.score",
                "3155760000"},
        Refusal{"ttl_of_element", [](auto& d) { d.fields[4].items[0].ttl_seconds = 5; }, "fields.tags.items",
                "inside a list"},
        Refusal{"ttl_in_element", [](auto& d) { d.fields[7].items[0].fields[0].ttl_seconds = 5; },
                "fields.contacts.items.email", "inside a list"}),
    row_name);

template <typename Spoil>
std::function<void(Datasource&)> loader(Spoil spoil) {
  return [spoil](Datasource& datasource) { spoil(*datasource.loader); };
}

INSTANTIATE_TEST_SUITE_P(
    Loaders, RefusedDatasource,
    testing::Values(
        Refusal{"ttl_zero", loader([](auto& l) { l.ttl = 0; }), "loader.ttl", "got 0"},
        Refusal{"ttl_too_long", loader([](auto& l) { l.ttl = 3155760001; }), "loader.ttl", "1 to 3155760000"},
        Refusal{"stale_while", loader([](auto& l) { l.stale_while_revalidate = -1; }),
                "loader.staleWhileRevalidate", "got -1"},
        Refusal{"stale_if_error", loader([](auto& l) { l.stale_if_error = -1; }), "loader.staleIfError",
                "got -1"},
        Refusal{"deadline", loader([](auto& l) { l.deadline = 0; }), "loader.deadline", "1 to"},
        Refusal{"idle_timeout", loader([](auto& l) { l.idle_timeout = 700000; }), "loader.idleTimeout",
                "604800"},
        Refusal{"min_rows", loader([](auto& l) { l.min_rows = -1; }), "loader.minRows", "got -1"},
        Refusal{"max_shrink", loader([](auto& l) { l.max_shrink = 1.01; }), "loader.maxShrink", "0 to 1"},
        Refusal{"max_shrink_nan",
                loader([](auto& l) { l.max_shrink = std::numeric_limits<double>::quiet_NaN(); }),
                "loader.maxShrink", "nan"},
        Refusal{"header_with_space", loader([](auto& l) { l.forward_headers[1] = "X Y"; }),
                "loader.forwardHeaders[1]", "HTTP header"},
        Refusal{"header_empty", loader([](auto& l) { l.forward_headers[0] = ""; }),
                "loader.forwardHeaders[0]", "HTTP header"},
        Refusal{"header_twice", loader([](auto& l) { l.forward_headers[1] = "AUTHORIZATION"; }),
                "loader.forwardHeaders[1]", "twice"},
        Refusal{"too_many_headers", loader([](auto& l) { l.forward_headers.resize(65); }),
                "loader.forwardHeaders", "64"},
        Refusal{"slates_own_header", loader([](auto& l) { l.forward_headers[1] = "slate-TOKEN"; }),
                "loader.forwardHeaders[1]", "takes it out"},
        Refusal{"scope_by_slates_own_header", loader([](auto& l) { l.scope_headers = {"Slate-Token"}; }),
                "loader.scopeHeaders[0]", "takes it out"},
        Refusal{"scope_header_with_space", loader([](auto& l) { l.scope_headers = {"X User"}; }),
                "loader.scopeHeaders[0]", "HTTP header"},
        Refusal{"scope_header_twice", loader([](auto& l) {
                  l.scope_headers = {"X-User", "x-user"};
                }),
                "loader.scopeHeaders[1]", "twice"},
        Refusal{"too_many_scope_headers", loader([](auto& l) { l.scope_headers.resize(9); }),
                "loader.scopeHeaders", "at most 8"},
        Refusal{"no_scopes", loader([](auto& l) {
                  l.scope_headers = {"X-User"};
                  l.max_scopes = 0;
                }),
                "loader.maxScopes", "1 to 1000"},
        Refusal{"few_scope_bytes", loader([](auto& l) {
                  l.scope_headers = {"X-User"};
                  l.max_scope_bytes = 1;
                }),
                "loader.maxScopeBytes", "got 1"},
        Refusal{"max_scopes_of_none", loader([](auto& l) { l.max_scopes = 7; }), "loader.maxScopes",
                "scopeHeaders"},
        Refusal{"max_scope_bytes_of_none", loader([](auto& l) { l.max_scope_bytes = 1 << 20; }),
                "loader.maxScopeBytes", "scopeHeaders"},
        Refusal{"ca_file_without_tls", loader([](auto& l) { l.ca_file = "/ca.pem"; }), "loader.caFile",
                "grpcs"},
        Refusal{"ca_file_empty", loader([](auto& l) { l.ca_file = ""; }), "loader.caFile", "PEM"}),
    row_name);

class RefusedEndpoint : public testing::TestWithParam<const char*> {};

TEST_P(RefusedEndpoint, is_named_as_the_loader_endpoint) {
  Datasource datasource = good();
  datasource.loader->endpoint = GetParam();
  const auto valid = validate(datasource);
  ASSERT_FALSE(valid.has_value());
  EXPECT_EQ(valid.error().field(), "loader.endpoint");
}

INSTANTIATE_TEST_SUITE_P(
    Loaders, RefusedEndpoint,
    testing::Values("", "prospect-loader:50051", "grpc:", "grpc://", "grpc://host",
                    "grpc://host:", "grpc://:50051", "grpc://host:0", "grpc://host:65536",
                    "grpc://host:99999999999999999999", "grpc://host:x", "http://host:80", "https://host:443",
                    "GRPC//host:1", "grpc://host:1/", "grpc://host:1/path", "grpc://host:1?q",
                    "grpc://host:1#f", "grpc://user@host:1", "grpc://user:secret@host:1", "grpc://::1:50051",
                    "grpc://[::1:50051", "grpc://[::g]:50051", "grpc://ho st:1", "grpc://h%6fst:1",
                    "grpc://h\xc3\xb6st:1", "grpc://host:1\n", " grpc://host:1", "unix:/tmp/socket"));

class AcceptedEndpoint : public testing::TestWithParam<const char*> {};

TEST_P(AcceptedEndpoint, is_valid) {
  Datasource datasource = good();
  datasource.loader->endpoint = GetParam();
  const auto valid = validate(datasource);
  EXPECT_TRUE(valid.has_value()) << valid.error().to_string();
}

INSTANTIATE_TEST_SUITE_P(Loaders, AcceptedEndpoint,
                         testing::Values("grpc://localhost:50051", "grpcs://loader.example.com:443",
                                         "grpc://127.0.0.1:1", "grpc://[::1]:65535",
                                         "grpcs://[2001:db8::2]:443", "grpc://my_service:50051",
                                         "grpc://a.b-c.svc.cluster.local:50051"));

TEST(Datasource, with_everything_used_once_is_valid) {
  const auto valid = validate(good());
  EXPECT_TRUE(valid.has_value()) << valid.error().to_string();
}

TEST(Datasource, limits_themselves_are_valid) {
  Datasource datasource = good();
  datasource.fields = {nested_maps(8), nested_lists(8)};
  datasource.indexes.clear();
  for (int i = 0; i < 1022; ++i) datasource.fields.push_back(scalar(fmt::format("f{}", i)));
  // Each nested list counts once; its elements have no names.
  const auto valid = validate(datasource);
  EXPECT_TRUE(valid.has_value()) << valid.error().to_string();
  datasource.fields.push_back(scalar("one_more"));
  EXPECT_FALSE(validate(datasource).has_value());
}

TEST(Datasource, an_index_of_eight_fields_is_valid) {
  Datasource datasource = good();
  CompoundIndex index;
  for (int i = 0; i < 8; ++i) {
    datasource.fields.push_back(scalar(fmt::format("f{}", i)));
    index.fields.push_back({fmt::format("f{}", i), Direction::kAscending});
  }
  datasource.indexes.push_back(index);
  EXPECT_TRUE(validate(datasource).has_value());
}

TEST(Datasource, a_descending_index_beside_an_indexed_field_is_another_index) {
  Datasource datasource = good();
  datasource.indexes.push_back({{{"count", Direction::kDescending}}});
  EXPECT_TRUE(validate(datasource).has_value());
}

TEST(Datasource, an_unknown_index_field_gets_the_nearest_name_as_a_hint) {
  Datasource datasource = good();
  datasource.indexes[0].fields[1].field = "addres.city";
  EXPECT_EQ(validate(datasource).error().hint(), "did you mean \"address.city\"?");
}

TEST(Datasource, durability_follows_the_loader_unless_given) {
  Datasource datasource = good();
  EXPECT_EQ(datasource.effective_durability(), Durability::kOs);
  datasource.loader.reset();
  EXPECT_EQ(datasource.effective_durability(), Durability::kSync);
  datasource.durability = Durability::kOs;
  EXPECT_EQ(datasource.effective_durability(), Durability::kOs);
}

}  // namespace
}  // namespace slate
