#include "cli/manifest_folder.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "cli/testing/catalog_fake.h"

namespace slate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string datasource(const std::string& name, const std::string& field = "status") {
  return "---\napiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: " + name +
         "}\nspec: {fields: [{name: " + field + ", type: string, indexed: true}]}\n";
}
std::string list(const std::string& name, const std::string& of, const std::string& column = "status") {
  return "---\napiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: " + name +
         "}\nspec: {datasourceRef: {name: " + of + "}, columns: [{field: " + column + "}]}\n";
}
ManifestText file(std::string name, std::string text) {
  return {.file = std::move(name), .text = std::move(text)};
}

class ManifestFolderTest : public ::testing::Test {
 protected:
  ManifestReport apply(std::vector<ManifestText> files) { return folder_.apply(files); }
  ManifestReport apply_well(std::vector<ManifestText> files) {
    ManifestReport report = folder_.apply(files);
    for (const ManifestError& error : report.errors) ADD_FAILURE() << error.to_string();
    return report;
  }
  bool has_datasource(std::string_view id) { return database_.get_datasource(id).has_value(); }
  bool has_list(std::string_view id) { return database_.get_list(id).has_value(); }
  static std::vector<ManifestAction> actions(const ManifestReport& report) {
    std::vector<ManifestAction> all;
    for (const ManifestOutcome& outcome : report.outcomes) all.push_back(outcome.action);
    return all;
  }
  // As if over HTTP.
  void save_list_by_hand(const std::string& id, const std::string& of) {
    const auto saved = database_.save_list({.id = id, .datasource = of, .columns = {{.field = "status"}}});
    ASSERT_TRUE(saved) << saved.error().to_string();
  }

  testing::CatalogFake database_;
  ManifestFolder folder_{database_};
};

TEST_F(ManifestFolderTest, datasources_are_saved_before_the_lists_of_earlier_files) {
  apply_well({file("a.yaml", list("open", "orders")), file("b.yaml", datasource("orders"))});
  EXPECT_THAT(database_.calls(), ElementsAre("save orders", "save list open"));
}

TEST_F(ManifestFolderTest, a_second_look_changes_nothing) {
  const std::vector<ManifestText> files{file("a.yaml", datasource("orders") + list("open", "orders"))};
  EXPECT_THAT(actions(apply_well(files)), ElementsAre(ManifestAction::kCreated, ManifestAction::kCreated));
  EXPECT_THAT(actions(apply_well(files)),
              ElementsAre(ManifestAction::kUnchanged, ManifestAction::kUnchanged));
}

TEST_F(ManifestFolderTest, a_changed_file_is_applied) {
  apply_well({file("a.yaml", datasource("orders"))});
  EXPECT_THAT(actions(apply_well({file("a.yaml", datasource("orders", "state"))})),
              ElementsAre(ManifestAction::kChanged));
  EXPECT_EQ(database_.get_datasource("orders")->datasource.fields[0].name, "state");
}

TEST_F(ManifestFolderTest, a_removed_document_is_removed) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  const auto report = apply_well({file("a.yaml", datasource("orders"))});
  EXPECT_FALSE(has_list("open"));
  EXPECT_TRUE(has_datasource("orders"));
  ASSERT_EQ(report.outcomes.size(), 2U);
  EXPECT_EQ(report.outcomes[0].action, ManifestAction::kRemoved);
  EXPECT_EQ(report.outcomes[0].file, "a.yaml");
}

TEST_F(ManifestFolderTest, a_removed_file_takes_its_lists_before_its_datasource) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  apply_well({});
  EXPECT_FALSE(has_datasource("orders"));
  EXPECT_THAT(database_.calls(),
              ElementsAre("save orders", "save list open", "delete list open", "delete orders"));
  EXPECT_TRUE(folder_.origins().empty());
}

TEST_F(ManifestFolderTest, a_document_that_moves_to_another_file_stays) {
  apply_well({file("a.yaml", datasource("orders"))});
  EXPECT_THAT(actions(apply_well({file("b.yaml", datasource("orders"))})),
              ElementsAre(ManifestAction::kUnchanged));
  EXPECT_EQ(folder_.origins().at({ResourceKind::kDatasource, "orders"}), "b.yaml");
}

TEST_F(ManifestFolderTest, what_was_made_over_http_is_left_alone) {
  ASSERT_TRUE(database_.save_datasource(
      {.id = "leads", .fields = {{.name = "status", .type = Type::kString}}}, Existing::kReplace));
  save_list_by_hand("all-leads", "leads");
  apply_well({file("a.yaml", datasource("orders"))});
  apply_well({});
  EXPECT_FALSE(has_datasource("orders"));
  EXPECT_TRUE(has_datasource("leads"));
  EXPECT_TRUE(has_list("all-leads"));
}

TEST_F(ManifestFolderTest, a_datasource_that_lists_from_elsewhere_use_stays_with_all_its_lists) {
  apply_well({file("a.yaml", datasource("orders")), file("b.yaml", list("open", "orders"))});
  save_list_by_hand("by-hand", "orders");
  const auto report = apply({file("b.yaml", list("open", "orders"))});
  EXPECT_TRUE(has_datasource("orders"));
  EXPECT_TRUE(has_list("open"));
  EXPECT_TRUE(has_list("by-hand"));
  ASSERT_EQ(report.errors.size(), 2U);
  EXPECT_EQ(report.errors[0].name, "open");
  EXPECT_EQ(report.errors[0].error.field(), "spec.datasourceRef.name");
  EXPECT_EQ(report.errors[1].error.reason(), Reason::kInUse);
  EXPECT_THAT(report.errors[1].to_string(), HasSubstr("by-hand"));

  // Once the list has gone, the next look removes the datasource.
  ASSERT_TRUE(database_.delete_list("by-hand"));
  apply_well({});
  EXPECT_FALSE(has_datasource("orders"));
}

TEST_F(ManifestFolderTest, a_removed_datasource_takes_lists_of_the_folder_that_still_name_it) {
  apply_well({file("a.yaml", datasource("orders")), file("b.yaml", list("open", "orders"))});
  const auto report = apply({file("b.yaml", list("open", "orders"))});
  EXPECT_FALSE(has_datasource("orders"));
  EXPECT_FALSE(has_list("open"));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].file, "b.yaml");
}

TEST_F(ManifestFolderTest, a_list_can_move_away_from_a_datasource_that_goes) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  apply_well({file("a.yaml", datasource("purchases") + list("open", "purchases"))});
  EXPECT_FALSE(has_datasource("orders"));
  EXPECT_EQ(database_.get_list("open")->datasource, "purchases");
}

TEST_F(ManifestFolderTest, a_field_can_be_renamed_together_with_the_lists_that_show_it) {
  apply_well({file("a.yaml", datasource("orders", "status") + list("open", "orders", "status"))});
  apply_well({file("a.yaml", datasource("orders", "state") + list("open", "orders", "state"))});
  EXPECT_EQ(database_.get_datasource("orders")->datasource.fields[0].name, "state");
  EXPECT_EQ(database_.get_list("open")->columns[0].field, "state");
}

TEST_F(ManifestFolderTest, a_datasource_that_breaks_a_list_changes_neither) {
  apply_well({file("a.yaml", datasource("orders", "status") + list("open", "orders", "status"))});
  const auto report =
      apply({file("a.yaml", datasource("orders", "state") + list("open", "orders", "status"))});
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].error.reason(), Reason::kInUse);
  EXPECT_EQ(database_.get_datasource("orders")->datasource.fields[0].name, "status");
  EXPECT_TRUE(has_list("open"));
}

TEST_F(ManifestFolderTest, a_bad_document_leaves_what_it_declared_and_disturbs_no_other) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  const std::string bad =
      "---\napiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: orders}\n"
      "spec: {fields: [{name: status, type: strong}]}\n";
  const auto report = apply({file("a.yaml", bad + datasource("leads"))});
  EXPECT_TRUE(has_datasource("orders"));
  EXPECT_TRUE(has_datasource("leads"));
  EXPECT_FALSE(has_list("open"));  // its document has gone
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].file, "a.yaml");
  EXPECT_EQ(report.errors[0].line, 5);
  EXPECT_EQ(report.errors[0].error.field(), "spec.fields.status.type");
}

TEST_F(ManifestFolderTest, a_file_that_is_no_yaml_keeps_all_that_came_from_it) {
  apply_well(
      {file("a.yaml", datasource("orders") + list("open", "orders")), file("b.yaml", datasource("leads"))});
  const auto report = apply({file("a.yaml", "{ : : ["), file("b.yaml", "")});
  EXPECT_TRUE(has_datasource("orders"));
  EXPECT_TRUE(has_list("open"));
  EXPECT_FALSE(has_datasource("leads"));
  EXPECT_EQ(report.errors.size(), 1U);
}

TEST_F(ManifestFolderTest, a_file_that_cannot_be_read_keeps_all_that_came_from_it) {
  apply_well({file("a.yaml", datasource("orders"))});
  const auto report = apply({{.file = "a.yaml", .text = fail(Reason::kIo, "permission denied")}});
  EXPECT_TRUE(has_datasource("orders"));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].error.reason(), Reason::kIo);
}

TEST_F(ManifestFolderTest, of_two_documents_of_one_name_the_first_file_counts) {
  const auto report =
      apply({file("b.yaml", datasource("orders", "b")), file("a.yaml", datasource("orders", "a"))});
  EXPECT_EQ(database_.get_datasource("orders")->datasource.fields[0].name, "a");
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].file, "b.yaml");
  EXPECT_THAT(report.errors[0].to_string(), HasSubstr("a.yaml"));
}

TEST_F(ManifestFolderTest, a_list_and_a_datasource_may_share_a_name) {
  apply_well({file("a.yaml", datasource("orders") + list("orders", "orders"))});
  apply_well({file("a.yaml", datasource("orders"))});
  EXPECT_TRUE(has_datasource("orders"));
  EXPECT_FALSE(has_list("orders"));
}

TEST_F(ManifestFolderTest, a_list_that_does_not_fit_is_an_error_with_file_line_and_field) {
  const auto report =
      apply({file("a.yaml", datasource("orders")), file("b.yaml", list("open", "orders", "colour"))});
  EXPECT_FALSE(has_list("open"));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].file, "b.yaml");
  EXPECT_EQ(report.errors[0].line, 2);
  EXPECT_THAT(report.errors[0].error.field().value_or(""), ::testing::StartsWith("spec."));
  EXPECT_FALSE(folder_.origins().contains({ResourceKind::kListView, "open"}));
}

TEST_F(ManifestFolderTest, a_save_that_failed_is_tried_again) {
  database_.break_down("orders", Error(Reason::kIo, "disk full"));
  EXPECT_EQ(apply({file("a.yaml", datasource("orders"))}).errors.size(), 1U);
  database_.repair();
  apply_well({file("a.yaml", datasource("orders"))});
  EXPECT_TRUE(has_datasource("orders"));
}

TEST_F(ManifestFolderTest, a_removal_that_failed_is_tried_again) {
  apply_well({file("a.yaml", datasource("orders"))});
  database_.break_down("orders", Error(Reason::kIo, "disk full"));
  EXPECT_EQ(apply({}).errors.size(), 1U);
  EXPECT_TRUE(folder_.origins().contains({ResourceKind::kDatasource, "orders"}));
  database_.repair();
  apply_well({});
  EXPECT_FALSE(has_datasource("orders"));
}

TEST_F(ManifestFolderTest, what_somebody_else_removed_already_is_no_error) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  ASSERT_TRUE(database_.delete_datasource("orders", Dependents::kCascade));
  apply_well({});
  EXPECT_TRUE(folder_.origins().empty());
}

TEST_F(ManifestFolderTest, the_next_process_removes_what_went_while_none_ran) {
  apply_well({file("a.yaml", datasource("orders") + list("open", "orders"))});
  ManifestFolder next(database_, folder_.origins());
  EXPECT_THAT(next.apply(std::vector{file("a.yaml", datasource("orders"))}).errors, IsEmpty());
  EXPECT_TRUE(has_datasource("orders"));
  EXPECT_FALSE(has_list("open"));
}

}  // namespace
}  // namespace slate::cli
