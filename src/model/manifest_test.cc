#include "model/manifest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/yaml_tree.h"

namespace slate {
namespace {

constexpr std::string_view kProspects = R"(apiVersion: slate.io/v1alpha1
kind: Datasource
metadata: {name: prospects}
spec:
  title: Prospects
  fields:
    - {name: name, type: string}
    - {name: status, type: string, indexed: true}
    - {name: contacts_count, type: int, indexed: true}
    - {name: last_contacted_at, type: date}
    - {name: score, type: float, ttlSeconds: 86400}
    - {name: tags, type: list, items: {type: string}}
    - {name: address, type: map, fields: [{name: city, type: string, indexed: true}]}
  indexes:
    - {fields: [status, {field: contacts_count, direction: desc}]}
  loader: {endpoint: "grpc://prospect-loader:50051", ttl: 3600, forwardHeaders: [Authorization, X-SF-Token]}
---
apiVersion: slate.io/v1alpha1
kind: ListView
metadata: {name: active-prospects}
spec:
  datasourceRef: {name: prospects}
  title: Active prospects
  columns: [{field: name, label: Name}, {field: contacts_count, label: Contacts}, {field: address.city},
            {field: status, hidden: true}]
  filter: {and: [{field: status, op: eq, value: active}]}
  sort: [{field: contacts_count, direction: desc}]
  pageSize: 200
  maxPageSize: 1000
)";

constexpr std::string_view kGood = R"(apiVersion: slate.io/v1alpha1
kind: Datasource
metadata: {name: good}
spec: {fields: [{name: a, type: string}]}
)";

std::string datasource_with(std::string_view spec) {
  return fmt::format("apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {{name: d}}\nspec:\n{}\n",
                     spec);
}

ManifestFile parse(std::string_view text) { return parse_manifests(text, "leads.yaml"); }

TEST(Manifest, datasources_and_lists_are_read) {
  const ManifestFile file = parse(kProspects);
  for (const auto& error : file.errors) ADD_FAILURE() << error.to_string();
  ASSERT_EQ(file.documents.size(), 2u);
  const auto& datasource = std::get<Datasource>(file.documents[0].resource);
  EXPECT_EQ(file.documents[0].line, 1);
  EXPECT_EQ(datasource.id, "prospects");
  EXPECT_EQ(datasource.title, "Prospects");
  ASSERT_EQ(datasource.fields.size(), 7u);
  EXPECT_TRUE(datasource.fields[1].indexed);
  EXPECT_EQ(datasource.fields[4].ttl_seconds, 86400);
  EXPECT_EQ(datasource.fields[6].fields.at(0).name, "city");
  EXPECT_EQ(datasource.indexes.at(0).fields.at(1), (IndexField{"contacts_count", Direction::kDescending}));
  EXPECT_EQ(datasource.loader->forward_headers, (std::vector<std::string>{"Authorization", "X-SF-Token"}));

  const auto& list = std::get<ListView>(file.documents[1].resource);
  EXPECT_EQ(file.documents[1].line, 18);
  EXPECT_EQ(list.id, "active-prospects");
  EXPECT_EQ(list.datasource, "prospects");
  EXPECT_EQ(list.columns.at(3), (ListColumn{"status", "", true}));
  EXPECT_EQ(list.filter, Filter::all_of({Filter::condition("status", Op::kEq, Value("active"))}));
  EXPECT_EQ(list.sort, (std::vector{SortKey{"contacts_count", Direction::kDescending, Nulls::kLast}}));
}

struct Refusal {
  const char* name;
  std::string text;
  int line;
  const char* field;
  const char* message;  // a part of it
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
std::string row_name(const testing::TestParamInfo<Refusal>& info) { return info.param.name; }

class RefusedManifest : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedManifest, names_file_line_and_field) {
  const ManifestFile file = parse(GetParam().text);
  EXPECT_TRUE(file.documents.empty());
  ASSERT_EQ(file.errors.size(), 1u);
  const auto& error = file.errors[0];
  EXPECT_EQ(error.file, "leads.yaml");
  EXPECT_EQ(error.line, GetParam().line) << error.to_string();
  EXPECT_EQ(error.error.field().value_or(""), GetParam().field) << error.to_string();
  EXPECT_NE(error.error.message().find(GetParam().message), std::string::npos) << error.to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Manifest, RefusedManifest,
    testing::Values(
        Refusal{"scalar", "hello", 1, "", "expected an object, got a string"},
        Refusal{"sequence", "\n- a\n- b", 2, "", "expected an object, got an array"},
        Refusal{"no_version", "kind: Datasource", 1, "apiVersion", "is missing"},
        Refusal{"version", "\nkind: Datasource\napiVersion: v1", 3, "apiVersion", "slate.io/v1alpha1"},
        Refusal{"kind", "apiVersion: slate.io/v1alpha1\nkind: Deployment", 2, "kind",
                "expected Datasource or ListView"},
        Refusal{"kind_int", "apiVersion: slate.io/v1alpha1\nkind: 7", 2, "kind",
                "expected a string, got an int"},
        Refusal{"no_name", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata:\n  labels: {}\nspec: {}",
                3, "metadata.name", "is missing"},
        Refusal{"bad_name", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata:\n  name: a.b\nspec: {}",
                4, "metadata.name", "character"},
        Refusal{"name_int", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: 12}\nspec: {}",
                3, "metadata.name", "expected a string, got an int"},
        Refusal{"no_spec", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: a}", 1, "spec",
                "is missing"},
        Refusal{"spec_null", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: a}\nspec:\n", 4,
                "spec", "got null"},
        Refusal{"member", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: a}\nspecs: {}", 4,
                "specs", "unknown member"},
        Refusal{"spec_id", datasource_with("  id: x\n  fields: []"), 5, "spec.id", "unknown member"},
        Refusal{
            "type",
            datasource_with("  fields:\n    - name: a\n      type: string\n    - name: b\n      type: text"),
            9, "spec.fields.b.type", "got \"text\""},
        Refusal{"no_type", datasource_with("  fields:\n    - name: a\n      type: string\n    - name: b"), 8,
                "spec.fields.b.type", "is missing"},
        Refusal{"yes_is_text",
                datasource_with("  fields:\n    - name: a\n      type: int\n      indexed: yes"), 8,
                "spec.fields.a.indexed", "expected true or false, got a string"},
        Refusal{
            "validation",
            datasource_with("  fields:\n    - name: m\n      type: map\n      fields:\n"
                            "        - name: other\n          type: string\n"
                            "        - name: city\n          type: list\n          items: {type: string}\n"
                            "          indexed: true"),
            11, "spec.fields.m.city", "cannot be indexed"},
        Refusal{
            "double_name",
            datasource_with("  fields:\n    - {name: m, type: map, fields: [\n        {name: a, type: int},\n"
                            "        {name: a, type: int}]}"),
            8, "spec.fields.m[1].name", "two fields"},
        Refusal{"endpoint", datasource_with("  fields: []\n  loader:\n    ttl: 60\n    endpoint: http://x"),
                8, "spec.loader.endpoint", "grpc://host:port"},
        Refusal{"filter",
                "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: a}\nspec:\n  datasourceRef: "
                "{name: d}\n"
                "  columns: [a]\n  filter:\n    and:\n      - {field: a, value: 1}\n      - field: b\n       "
                " op: like\n"
                "        value: 1",
                11, "spec.filter.and[1].op", "unknown operator"}),
    row_name);

class RefusedYaml : public testing::TestWithParam<Refusal> {};
TEST_P(RefusedYaml, disturbs_no_other_document) {
  const ManifestFile file =
      parse(std::string(kGood) + "---\n" + GetParam().text + "\n---\n" + std::string(kProspects));
  EXPECT_EQ(file.documents.size(), 3u);
  ASSERT_EQ(file.errors.size(), 1u);
  const auto& error = file.errors[0];
  EXPECT_EQ(error.line, 5 + GetParam().line) << error.to_string();
  EXPECT_NE(error.error.message().find(GetParam().message), std::string::npos) << error.to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Manifest, RefusedYaml,
    testing::Values(Refusal{"unclosed_flow", "a: [1, 2", 2, "", "not valid YAML"},
                    Refusal{"unclosed_quote", "a: 1\nb: \"x", 3, "", "not valid YAML"},
                    Refusal{"unclosed_single_quote", "a: 'x\n\nb: 1", 4, "", "not valid YAML"},
                    Refusal{"bad_indent", "a:\n  b: 1\n c: 2", 3, "", "not valid YAML"},
                    Refusal{"tab", "a:\n\t- b", 2, "", "not valid YAML"},
                    Refusal{"stray_comma", "\t, b", 0, "", "something follows the document"},
                    Refusal{"stray_bracket", "a: 1\n]", 2, "", "not valid YAML"},
                    Refusal{"lone_carriage_returns", "a: 1\r---\rb: 2", 1, "", "not valid YAML"},
                    Refusal{"double_key", "a: 1\nb: 2\na: 3", 3, "", "\"a\" comes twice"},
                    Refusal{"null_key", "~: 1", 1, "", "must not be empty"},
                    Refusal{"map_key", "{a: 1}: 2", 1, "", "a single word"},
                    Refusal{"list_key", "? [a]\n: 2", 1, "", "a single word"},
                    Refusal{"alias_key", "a: &x b\n*x : 2", 2, "", "cannot be a key"},
                    Refusal{"unknown_alias", "a: *nobody", 1, "", "not valid YAML"},
                    Refusal{"recursive_alias", "a: &x\n  b: *x", 2, "", "inside what it names"},
                    Refusal{"unknown_tag", "a: !secret x", 1, "", "unknown tag"},
                    Refusal{"wrong_tag", "a: !!int x", 1, "", "is no int"},
                    Refusal{"infinity", "a: 1\nb: -.inf", 2, "", "finite"},
                    Refusal{"huge_number", "a: 1e999", 1, "", "too large"},
                    Refusal{"invalid_utf8", "a: 1\nb: \xff", 2, "", "UTF-8"},
                    Refusal{"nul", std::string("a: 1\n\nb: \0", 10), 3, "", "control characters"},
                    Refusal{"escape", "a: \x1b[31m", 1, "", "control characters"},
                    Refusal{"deep_flow", std::string(100'000, '['), 1, "", "not valid YAML"},
                    Refusal{"deep_block",
                            [] {
                              std::string text;
                              for (int i = 0; i < 1000; ++i) text += "- ";
                              return text + "x";
                            }(),
                            1, "", "nested deeper than 64"},
                    Refusal{"large", "a: " + std::string(2 << 20, 'x'), 0, "", "a document of more than"}),
    row_name);

TEST(Manifest, an_error_says_which_resource_it_is_about) {
  const ManifestFile file = parse(datasource_with("  fields: 1"));
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_EQ(file.errors[0].kind, "Datasource");
  EXPECT_EQ(file.errors[0].name, "d");
  EXPECT_EQ(file.errors[0].to_string(),
            "leads.yaml:5: Datasource d: invalid_argument: spec.fields: expected an array, got an int");
}

TEST(Manifest, the_second_of_one_kind_and_name_is_refused) {
  const ManifestFile file = parse(std::string(kGood) + "---\n" + std::string(kGood));
  EXPECT_EQ(file.documents.size(), 1u);
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_EQ(file.errors[0].line, 8);
  EXPECT_EQ(file.errors[0].error.field(), "metadata.name");
}

TEST(Manifest, a_datasource_and_a_list_may_share_a_name) {
  const ManifestFile file =
      parse(std::string(kGood) +
            "---\napiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: good}\n"
            "spec: {datasourceRef: {name: good}, columns: [a]}\n");
  EXPECT_EQ(file.documents.size(), 2u);
  EXPECT_TRUE(file.errors.empty());
}

TEST(Manifest, the_kind_list_is_hinted_at) {
  EXPECT_EQ(parse("apiVersion: slate.io/v1alpha1\nkind: List").errors.at(0).error.hint(),
            "did you mean \"ListView\"?");
}

TEST(Manifest, labels_annotations_and_namespace_are_passed_over) {
  std::string text(kGood);
  text.replace(text.find("{name: good}"), 12,
               "{name: good, namespace: x, labels: {a: b}, annotations: {c: d}}");
  EXPECT_EQ(parse(text).documents.size(), 1u);
}

TEST(Manifest, empty_documents_comments_and_directives_are_passed_over) {
  for (const char* text :
       {"", "\n", "---", "---\n---\n...\n", "# nothing\n---\n# here\n", "--- ~\n", "%YAML 1.2\n---\n"}) {
    const ManifestFile file = parse(text);
    EXPECT_TRUE(file.documents.empty()) << text;
    EXPECT_TRUE(file.errors.empty()) << text;
  }
  const ManifestFile file = parse("%YAML 1.2\n# prospects\n---\n" + std::string(kGood) + "...\n# end\n");
  ASSERT_EQ(file.documents.size(), 1u);
  EXPECT_EQ(file.documents[0].line, 4);
}

TEST(Manifest, a_byte_order_mark_and_windows_line_ends_are_accepted) {
  std::string text = "\xef\xbb\xbf" + std::string(kProspects);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\r\n");
  const ManifestFile file = parse(text);
  for (const auto& error : file.errors) ADD_FAILURE() << error.to_string();
  ASSERT_EQ(file.documents.size(), 2u);
  EXPECT_EQ(file.documents[1].line, 18);
}

TEST(Manifest, an_unclosed_quote_at_the_end_of_the_text_is_refused) {
  for (const char* end : {"", "\n", "\n\n", "\n...\n"}) {
    const ManifestFile file = parse(datasource_with("  fields: []\n  title: \"x") + end);
    EXPECT_TRUE(file.documents.empty());
    ASSERT_EQ(file.errors.size(), 1u);
    EXPECT_NE(file.errors[0].error.message().find("not valid YAML"), std::string::npos);
  }
}

TEST(Manifest, block_scalars_keep_or_lose_their_last_line_end_as_written) {
  const auto title = [](std::string_view spec) {
    const ManifestFile file = parse(datasource_with(spec));
    return file.documents.empty() ? "refused" : std::get<Datasource>(file.documents[0].resource).title;
  };
  EXPECT_EQ(title("  fields: []\n  title: |\n    a\n    b"), "a\nb\n");
  EXPECT_EQ(title("  fields: []\n  title: >-\n    a\n    b"), "a b");
}

TEST(Manifest, a_text_beyond_the_limit_is_refused_at_once) {
  const ManifestFile file = parse(std::string((16u << 20) + 1, '\n'));
  ASSERT_EQ(file.errors.size(), 1u);
}

TEST(Manifest, very_many_bad_documents_stop_at_the_limit) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "---\nx\n";
  const ManifestFile file = parse(text);
  EXPECT_EQ(file.errors.size(), YamlLimits::kDocuments + 1);
  EXPECT_NE(file.errors.back().error.message().find("more than 10000 documents"), std::string::npos);
}

TEST(Manifest, aliases_may_be_used_within_bounds) {
  const ManifestFile file = parse(
      datasource_with("  fields:\n    - &a {name: a, type: map, fields: &inner [{name: x, type: int}]}\n"
                      "    - {name: b, type: map, fields: *inner}"));
  for (const auto& error : file.errors) ADD_FAILURE() << error.to_string();
  ASSERT_EQ(file.documents.size(), 1u);
  const auto& datasource = std::get<Datasource>(file.documents[0].resource);
  EXPECT_EQ(datasource.fields[0].fields, datasource.fields[1].fields);
}

TEST(Manifest, a_bomb_of_aliases_is_refused) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i)
    text += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  const ManifestFile file = parse(text);
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_NE(file.errors[0].error.message().find("grows too large"), std::string::npos);
}

TEST(Manifest, a_ladder_of_aliases_cannot_nest_deeper_than_brackets) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) text += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  const ManifestFile file = parse(text);
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_NE(file.errors[0].error.message().find("nested deeper than 64"), std::string::npos);
}

}  // namespace
}  // namespace slate
