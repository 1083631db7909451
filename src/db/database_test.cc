#include <algorithm>
#include <gtest/gtest.h>
#include <thread>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

class DatabaseTest : public DatabaseFixture {};

TEST_F(DatabaseTest, records_come_back_in_order_of_arrival_after_reopening) {
  save(prospects());
  write({record("b", "active", 3), record("a", "rejected", 1)});
  write({record("c", "active", 2)});
  reopen();
  EXPECT_EQ(ids({}), (Ids{"b", "a", "c"}));
}

TEST_F(DatabaseTest, an_instance_is_known_by_its_id_after_reopening_and_another_store_has_another) {
  const std::string first = database_->instance_id();
  EXPECT_EQ(first.size(), 32u);
  reopen();
  EXPECT_EQ(database_->instance_id(), first);
  database_.reset();
  std::filesystem::remove_all(folder_);
  reopen();
  EXPECT_NE(database_->instance_id(), first);
}

TEST_F(DatabaseTest, peek_is_as_new_as_a_snapshot) {
  const auto expect_same = [&](const char* when) {
    const auto peeked = database_->peek_list("all");
    const auto snapshot = database_->snapshot("prospects").value();
    ASSERT_TRUE(peeked) << when;
    EXPECT_EQ(peeked->list.id, "all");
    EXPECT_EQ(*peeked->datasource, snapshot->datasource()) << when;
    EXPECT_EQ(peeked->data.generation, snapshot->info().generation) << when;
    EXPECT_EQ(peeked->data.data_version, snapshot->info().data_version) << when;
    EXPECT_EQ(peeked->data.rows, snapshot->info().rows) << when;
    EXPECT_EQ(peeked->data.loaded_at, snapshot->info().loaded_at) << when;
  };
  EXPECT_FALSE(database_->peek_list("all"));
  Datasource datasource = prospects();
  datasource.loader = some_loader();
  save(datasource);
  ASSERT_TRUE(database_->save_list({.id = "all", .datasource = "prospects", .columns = {{.field = "name"}}})
                  .has_value());
  expect_same("created");
  for (const char* id : {"a", "b", "c"}) {
    write({record(id, "active", 1)});
    expect_same("written");
  }
  write({deletion("a")});
  expect_same("deleted from");
  datasource.fields[0].indexed = true;
  save(datasource);
  expect_same("changed");
  reopen();
  expect_same("opened again");
  auto builder = database_->begin_generation("prospects", LoadMode::kMerge).value();
  ASSERT_TRUE(builder->finish().has_value());
  expect_same("being loaded");
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  expect_same("loaded");
  write({record("d", "active", 1)});
  expect_same("written again");
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  expect_same("emptied");
  datasource.loader->scope_headers = {"X-User"};
  datasource.loader->forward_headers = {"X-User"};
  save(datasource);
  expect_same("kept for each scope");
  EXPECT_FALSE(database_->peek_list("all")->data.loaded_at);
}

TEST_F(DatabaseTest, an_indexed_value_that_changes_leaves_its_old_entry) {
  save(prospects());
  write({record("a", "active", 1), record("b", "active", 2)});
  write({record("a", "rejected", 1)});
  const auto with = [&](const char* status) {
    return ids({.filter = Filter::condition("status", Op::kEq, status)}, {.force_index = "status"});
  };
  EXPECT_EQ(with("active"), Ids{"b"});
  EXPECT_EQ(with("rejected"), Ids{"a"});
}

TEST_F(DatabaseTest, a_deleted_record_leaves_every_index) {
  save(prospects());
  write({record("a", "active", 1), record("b", "active", 2)});
  write({{.kind = WriteKind::kDelete, .id = "a"}});
  EXPECT_EQ(ids({.filter = Filter::condition("status", Op::kEq, "active")}, {.force_index = "status"}),
            Ids{"b"});
  EXPECT_EQ(ids({.sort = {{.field = "contacts"}}}, {.force_index = "contacts"}), Ids{"b"});
  auto snapshot = database_->snapshot("prospects").value();
  EXPECT_EQ(snapshot->get("a").value(), std::nullopt);
  EXPECT_EQ(snapshot->info().rows, 1u);
}

TEST_F(DatabaseTest, a_record_reads_back_with_maps_and_lists) {
  save(prospects());
  write({{.id = "a",
          .cells = {{"name", "Acme"},
                    {"tags", ListValue{Value("x"), Value("y")}},
                    {"address", MapValue{{"city", Value("Paris")}}}}}});
  const auto record = database_->snapshot("prospects").value()->get("a").value();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(*record->find("name"), Value("Acme"));
  EXPECT_EQ(*record->find("tags"), Value(ListValue{Value("x"), Value("y")}));
  EXPECT_EQ(*record->find("address"), Value(MapValue{{"city", Value("Paris")}}));
}

TEST_F(DatabaseTest, an_expired_cell_is_null_from_that_instant) {
  save(prospects());
  write({{.id = "a", .cells = {{"score", 1.5}}}});
  const Query with_score{.filter = Filter::condition("score", Op::kIsnull, false)};
  clock_.advance(std::chrono::milliseconds(59'999));
  EXPECT_EQ(ids(with_score), Ids{"a"});
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(ids(with_score), Ids{});
}

TEST_F(DatabaseTest, sort_and_take_over_an_index_examine_as_many_rows_as_they_return) {
  save(prospects());
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 5000; ++i)
    writes.push_back(record("r" + std::to_string(i), i % 2 == 0 ? "active" : "rejected", i % 100));
  write(writes);
  auto snapshot = database_->snapshot("prospects").value();
  for (const Direction direction : {Direction::kAscending, Direction::kDescending}) {
    auto rows =
        snapshot->query({.sort = {{.field = "contacts", .direction = direction}}, .take = 20}).value();
    std::size_t count = 0;
    for (const Batch* batch = rows->next().value(); batch != nullptr; batch = rows->next().value())
      count += batch->size();
    EXPECT_EQ(count, 20u);
    EXPECT_TRUE(rows->has_more().value());
    EXPECT_LE(rows->counters().keys_examined, 30u);
  }
}

TEST_F(DatabaseTest, a_built_generation_replaces_the_live_one_at_once) {
  save(prospects());
  write({record("old", "active", 1)});
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  for (int i = 0; i < 1000; ++i) {
    const CellRef cells[] = {{.field = 1, .value = std::string_view(i % 2 == 0 ? "active" : "rejected")},
                             {.field = 2, .value = std::int64_t{i}}};
    ASSERT_TRUE(builder->append("n" + std::to_string(i % 900), cells).has_value());
  }
  const auto counts = builder->finish();
  ASSERT_TRUE(counts.has_value()) << counts.error().to_string();
  EXPECT_EQ(counts->received, 1000u);
  EXPECT_EQ(counts->duplicates, 100u);
  EXPECT_EQ(counts->rows, 900u);
  EXPECT_EQ(ids({}), Ids{"old"});
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  EXPECT_EQ(ids({}).size(), 900u);
  EXPECT_EQ(ids({.filter = Filter::condition("contacts", Op::kEq, 950)}), Ids{"n50"});
  EXPECT_EQ(ids({.filter = Filter::condition("contacts", Op::kEq, 50)}), Ids{});
  reopen();
  EXPECT_EQ(ids({}).size(), 900u);
}

TEST_F(DatabaseTest, an_unpublished_generation_leaves_nothing_behind) {
  save(prospects());
  {
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    ASSERT_TRUE(builder->append("x", {}).has_value());
  }
  std::size_t files = 0;
  for (const auto& item : std::filesystem::directory_iterator(folder_ / "generations" / "prospects"))
    files += item.path().extension() == ".mdb" ? 1 : 0;
  EXPECT_EQ(files, 1u);
}

TEST_F(DatabaseTest, the_first_committer_wins_and_the_other_changes_nothing) {
  save(prospects());
  write({record("a", "active", 1)});
  auto first = database_->begin().value();
  auto second = database_->begin().value();
  ASSERT_TRUE(first->write("prospects", record("a", "rejected", 2)).has_value());
  ASSERT_TRUE(second->write("prospects", record("a", "active", 3)).has_value());
  ASSERT_TRUE(second->write("prospects", record("b", "active", 4)).has_value());
  EXPECT_TRUE(first->commit().has_value());
  const auto lost = second->commit();
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().reason(), Reason::kConflict);
  EXPECT_EQ(ids({}), Ids{"a"});
  EXPECT_EQ(ids({.filter = Filter::condition("contacts", Op::kEq, 2)}), Ids{"a"});
}

TEST_F(DatabaseTest, an_index_added_later_is_built_and_then_used) {
  Datasource datasource = prospects();
  datasource.fields[2].indexed = false;
  save(datasource);
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 3000; ++i) writes.push_back(record("r" + std::to_string(i), "active", i));
  write(writes);
  save(prospects());
  const auto ready = [&] {
    const auto status = database_->get_datasource("prospects").value();
    return std::ranges::all_of(status.indexes,
                               [](const IndexStatus& each) { return each.state == IndexState::kReady; });
  };
  while (!ready()) std::this_thread::yield();
  EXPECT_EQ(ids({.filter = Filter::condition("contacts", Op::kEq, 2999)}, {.force_index = "contacts"}),
            Ids{"r2999"});
}

}  // namespace
}  // namespace slate
