// Bad input gets a typed error that names the record and the field, and changes nothing.
#include <gmock/gmock.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ErrorsTest : public DatabaseFixture {
 protected:
  ErrorsTest() { save(prospects()); }
};

TEST_F(ErrorsTest, a_datasource_that_does_not_exist_is_not_found_by_any_call) {
  const auto not_found = [](const auto& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().reason(), Reason::kNotFound);
    EXPECT_THAT(result.error().message(), HasSubstr("\"nothing\""));
    EXPECT_EQ(result.error().field(), "datasource");
  };
  not_found(database_->write_batch("nothing", std::vector{record("a", "active", 1)}));
  not_found(database_->snapshot("nothing"));
  not_found(database_->get_datasource("nothing"));
  not_found(database_->delete_datasource("nothing"));
  not_found(database_->delete_all("nothing"));
  not_found(database_->begin_generation("nothing", LoadMode::kReplace));
  not_found(database_->begin_generation("nothing", LoadMode::kMerge));
  not_found(database_->begin().value()->get("nothing", "a"));
}

TEST_F(ErrorsTest, a_deleted_datasource_is_not_found_but_a_snapshot_of_before_still_answers) {
  write({record("a", "active", 1)});
  const auto before = snapshot();
  auto transaction = database_->begin().value();
  ASSERT_TRUE(transaction->write("prospects", record("b", "active", 2)).has_value());
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(database_->delete_datasource("prospects").has_value());

  EXPECT_EQ(database_->snapshot("prospects").error().reason(), Reason::kNotFound);
  EXPECT_EQ(refusal({record("c", "active", 3)}).reason(), Reason::kNotFound);
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kNotFound);
  EXPECT_EQ(builder->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  EXPECT_TRUE(before->get("a").value().has_value());

  save(prospects());
  EXPECT_THAT(ids({}), IsEmpty());
  EXPECT_EQ(builder->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  reopen();
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_F(ErrorsTest, an_update_of_a_record_that_does_not_exist_is_not_found_and_the_batch_changes_nothing) {
  write({record("a", "active", 1)});
  const RecordWrite present{.kind = WriteKind::kUpdate, .id = "a", .cells = {{"contacts", 2}}};
  const RecordWrite absent{.kind = WriteKind::kUpdate, .id = "b", .cells = {{"contacts", 2}}};
  const Error error = refusal({present, absent});
  EXPECT_EQ(error.reason(), Reason::kNotFound);
  EXPECT_EQ(error.position(), 1u);
  EXPECT_THAT(error.message(), HasSubstr("\"b\""));
  EXPECT_THAT(ids({}), ElementsAre("a"));
  EXPECT_EQ(*snapshot()->get("a").value()->find("contacts"), Value(1));
  write({present});
  EXPECT_EQ(*snapshot()->get("a").value()->find("contacts"), Value(2));
  EXPECT_EQ(*snapshot()->get("a").value()->find("status"), Value("active"));
}

TEST_F(ErrorsTest, the_error_of_a_batch_has_the_position_of_the_write_that_is_wrong) {
  const Error error = refusal({record("a", "active", 1), record("b", "active", 2), {.id = ""}});
  EXPECT_EQ(error.position(), 2u);
}

TEST_F(ErrorsTest, a_deleted_datasource_leaves_no_files) {
  write({record("a", "active", 1)});
  ASSERT_TRUE(database_->delete_datasource("prospects").has_value());
  reopen();
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "generations"));
}

TEST_F(ErrorsTest, an_unknown_field_is_named) {
  const Error error = refusal({{.id = "a", .cells = {{"naem", "x"}}}});
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.field(), "naem");
  EXPECT_THAT(error.message(), HasSubstr("record \"a\""));
  EXPECT_EQ(refusal({{.id = "a", .cells = {{"_id", "b"}}}}).field(), "_id");
  EXPECT_EQ(refusal({{.id = "a", .cells = {{"address.street", "b"}}}}).field(), "address.street");
}

TEST_F(ErrorsTest, a_wrong_type_names_record_field_expected_and_got) {
  const Error error =
      refusal({record("fine", "active", 1), {.id = "prospect-17", .cells = {{"contacts", 1.5}}}});
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.field(), "contacts");
  EXPECT_THAT(error.message(), HasSubstr("record \"prospect-17\", field contacts: expected an int, got 1.5"));
  EXPECT_THAT(refusal({{.id = "a", .cells = {{"name", 5}}}}).message(),
              HasSubstr("expected a string, got int"));
  EXPECT_THAT(refusal({{.id = "a", .cells = {{"tags", ListValue{Value("x"), Value(2)}}}}}).message(),
              HasSubstr("element 1: expected a string, got int"));
  EXPECT_THAT(refusal({{.id = "a", .cells = {{"address", MapValue{{"zip", "north"}}}}}}).message(),
              HasSubstr("entry \"zip\": expected an int"));
  EXPECT_THAT(refusal({{.id = "a", .cells = {{"address.zip", "north"}}}}).message(),
              HasSubstr("field address.zip"));
}

TEST_F(ErrorsTest, a_refused_batch_changes_nothing) {
  write({record("a", "active", 1)});
  const auto version = snapshot()->info().data_version;
  EXPECT_EQ(refusal({record("a", "rejected", 2),
                     deletion("a"),
                     record("b", "active", 3),
                     {.id = "c", .cells = {{"x", 1}}}})
                .field(),
            "x");
  EXPECT_THAT(ids({}), ElementsAre("a"));
  EXPECT_EQ(cell("a", "status"), Value("active"));
  EXPECT_EQ(snapshot()->info().data_version, version);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(ErrorsTest, a_bulk_load_with_a_bad_row_names_it_and_leaves_the_old_generation) {
  write({record("a", "active", 1)});
  {
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    const CellRef good[] = {{.field = 1, .value = std::string_view("active")}};
    ASSERT_TRUE(builder->append("x", good).has_value());
    const CellRef bad[] = {{.field = 2, .value = std::string_view("many")}};
    const auto refused = builder->append("row-2", bad);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().field(), "contacts");
    EXPECT_THAT(refused.error().message(),
                HasSubstr("record \"row-2\", field contacts: expected an int, got a string"));
  }
  EXPECT_THAT(ids({}), ElementsAre("a"));
}

TEST_F(ErrorsTest, queries_over_unknown_columns_or_with_wrong_types_name_them) {
  const auto refused = [&](const Query& query) {
    const auto result = snapshot()->query(query);
    EXPECT_FALSE(result.has_value());
    EXPECT_EQ(result.error().reason(), Reason::kInvalidArgument);
    return result.error().field().value_or("");
  };
  EXPECT_EQ(refused({.filter = Filter::condition("staus", Op::kEq, "x")}), "staus");
  EXPECT_EQ(refused({.sort = {{.field = "nothing"}}}), "nothing");
  EXPECT_EQ(refused({.columns = {{"name", "nothing"}}}), "nothing");
  EXPECT_EQ(refused({.filter = Filter::condition("contacts", Op::kEq, "x")}), "contacts");
  EXPECT_EQ(refused({.filter = Filter::condition("contacts", Op::kContains, "x")}), "contacts");
  EXPECT_EQ(refused({.sort = {{.field = "tags"}}}), "tags");
  EXPECT_EQ(snapshot()->query({}, {.disabled_rules = {"magic"}}).error().field(), "disabled_rules");
  EXPECT_EQ(snapshot()->query({}, {.force_index = "name"}).error().field(), "force_index");
  EXPECT_EQ(snapshot()->count(Filter::condition("staus", Op::kEq, "x")).error().field(), "staus");
}

TEST_F(ErrorsTest, a_field_that_is_indexed_and_has_a_ttl_is_refused_at_save) {
  const auto refused = [&](Datasource datasource) {
    datasource.id = "refused";
    const auto saved = database_->save_datasource(datasource);
    EXPECT_FALSE(saved.has_value());
    EXPECT_EQ(database_->get_datasource("refused").error().reason(), Reason::kNotFound);
    return saved ? "" : saved.error().field().value_or("");
  };
  Datasource both = prospects();
  both.fields[3].indexed = true;
  EXPECT_EQ(refused(both), "fields.score");
  Datasource map = prospects();
  map.fields[5].ttl_seconds = 5;
  EXPECT_EQ(refused(map), "fields.address.city");
  Datasource compound = prospects();
  compound.indexes = {{.fields = {{.field = "status"}, {.field = "score"}}}};
  EXPECT_EQ(refused(compound), "indexes[0].fields[1]");
  Datasource list = prospects();
  list.fields[4].indexed = true;
  EXPECT_EQ(refused(list), "fields.tags");
}

TEST_F(ErrorsTest, what_exists_is_not_created_twice_when_told_so) {
  EXPECT_EQ(database_->save_datasource(prospects(), Existing::kRefuse).error().reason(),
            Reason::kAlreadyExists);
  EXPECT_EQ(save(prospects()), Saved::kUnchanged);
}

TEST_F(ErrorsTest, a_datasource_that_lists_use_is_dropped_only_with_them) {
  ASSERT_TRUE(database_->save_list({.id = "all", .datasource = "prospects", .columns = {{.field = "name"}}})
                  .has_value());
  EXPECT_EQ(database_->delete_datasource("prospects").error().reason(), Reason::kInUse);
  Datasource narrower = prospects();
  narrower.fields.erase(narrower.fields.begin());
  EXPECT_EQ(database_->save_datasource(narrower).error().reason(), Reason::kInUse);
  EXPECT_TRUE(database_->delete_datasource("prospects", Dependents::kCascade).has_value());
  EXPECT_EQ(database_->get_list("all").error().reason(), Reason::kNotFound);
}

TEST_F(ErrorsTest, a_cancelled_or_overdue_query_says_so) {
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 2000; ++i) writes.push_back(record("r" + std::to_string(i), "active", i));
  write(writes);
  std::stop_source stop;
  stop.request_stop();
  const auto run = [&](const QueryOptions& options) {
    auto rows = snapshot()->query({}, options).value();
    return rows->next();
  };
  EXPECT_EQ(run({.stop = stop.get_token()}).error().reason(), Reason::kCancelled);
  EXPECT_EQ(run({.deadline = std::chrono::steady_clock::now()}).error().reason(), Reason::kDeadlineExceeded);
}

}  // namespace
}  // namespace slate
