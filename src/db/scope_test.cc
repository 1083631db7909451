// Copies by scope: each reads its own generations, whatever comes, changes, goes or breaks beside it.
#include <atomic>
#include <fstream>
#include <gmock/gmock.h>

#include <slate/generation_builder.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ScopeTest : public DatabaseFixture {
 protected:
  ScopeTest() { save(scoped()); }

  static Datasource scoped(std::int64_t max_scopes = 100) {
    Datasource datasource = prospects();
    datasource.loader = some_loader();
    datasource.loader->scope_headers = {"X-User"};
    datasource.loader->max_scopes = max_scopes;
    return datasource;
  }
  std::unique_ptr<GenerationBuilder> begin(std::string_view scope, LoadMode mode = LoadMode::kReplace) {
    auto builder = database_->begin_generation({"prospects", scope}, mode);
    EXPECT_TRUE(builder.has_value()) << builder.error().to_string();
    return builder ? *std::move(builder) : nullptr;
  }
  static void append(GenerationBuilder& builder, const Ids& rows, std::string_view name = "name") {
    for (const std::string& id : rows) {
      const CellRef cells[] = {{.field = 0, .value = name},
                               {.field = 1, .value = std::string_view("active")},
                               {.field = 2, .value = std::int64_t{1}}};
      ASSERT_TRUE(builder.append(id, cells).has_value());
    }
  }
  // Loads rows for a scope, a second later than what was loaded before; the generation's number.
  std::uint64_t load(std::string_view scope, const Ids& rows, LoadMode mode = LoadMode::kReplace) {
    clock_.advance(std::chrono::seconds(1));
    auto builder = begin(scope, mode);
    append(*builder, rows);
    EXPECT_TRUE(builder->finish().has_value());
    const auto number = builder->publish(clock_.now());
    EXPECT_TRUE(number.has_value()) << number.error().to_string();
    return number.value_or(0);
  }
  std::unique_ptr<Snapshot> of(std::string_view scope) {
    auto snapshot = database_->snapshot({"prospects", scope});
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error().to_string();
    return snapshot ? *std::move(snapshot) : nullptr;
  }
  static Ids rows_of(ResultSet& rows) {
    Ids ids;
    while (const Batch* batch = rows.next().value())
      for (const std::uint16_t row : batch->rows) ids.emplace_back(batch->id.text(row));
    return ids;
  }
  Ids rows(std::string_view scope) { return rows_of(*of(scope)->query({}).value()); }
  bool has(std::string_view scope) { return of(scope)->info().loaded_at.has_value(); }
  // Whether so many generations have files, once those of nobody have gone: the maintenance may still look.
  bool has_files(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (std::size_t found = count + 1; found != count; std::this_thread::yield()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      found = 0;
      std::error_code gone;
      for (const auto& item :
           std::filesystem::directory_iterator(folder_ / "generations" / "prospects", gone))
        if (item.path().extension() == ".mdb") ++found;
    }
    return true;
  }
  std::filesystem::path file(std::uint64_t generation) {
    return folder_ / "generations" / "prospects" / (std::to_string(generation) + ".mdb");
  }
  DatasourceStatus status() { return database_->get_datasource("prospects").value(); }
};

TEST_F(ScopeTest, a_scope_that_was_never_loaded_has_no_rows) {
  load("alice", {"a"});
  EXPECT_THAT(rows("bob"), IsEmpty());
  EXPECT_FALSE(of("bob")->info().loaded_at);
  EXPECT_THAT(rows(""), IsEmpty()) << "none is shared";
  EXPECT_FALSE(of("")->info().loaded_at);
}

TEST_F(ScopeTest, each_scope_reads_what_was_loaded_for_it) {
  const auto first = load("alice", {"a1", "a2"});
  const UnixMillis loaded_at = clock_.now();
  const auto second = load("bob", {"b"});
  EXPECT_NE(first, second);
  EXPECT_THAT(rows("alice"), ElementsAre("a1", "a2"));
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
  EXPECT_EQ(of("alice")->info().generation, first);
  EXPECT_EQ(of("alice")->info().loaded_at, loaded_at);
  load("alice", {"a3"});
  EXPECT_THAT(rows("alice"), ElementsAre("a3"));
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_TRUE(has_files(3)) << "two scopes, and the one without records";
}

TEST_F(ScopeTest, scopes_outlive_the_process) {
  load("alice", {"a"});
  const UnixMillis loaded_at = clock_.now();
  load("bob", {"b"});
  const std::string key = database_->scope_key().value();
  EXPECT_EQ(key.size(), 32u);
  reopen();
  EXPECT_THAT(rows("alice"), ElementsAre("a"));
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
  EXPECT_EQ(of("alice")->info().loaded_at, loaded_at);
  EXPECT_EQ(database_->scope_key().value(), key);
  EXPECT_TRUE(has_files(3));
}

TEST_F(ScopeTest, the_least_recently_used_scope_makes_room) {
  save(scoped(2));
  load("alice", {"a"});
  const auto bobs = load("bob", {"b"});
  EXPECT_TRUE(has("alice"));
  load("carol", {"c"});
  EXPECT_THAT(rows("bob"), IsEmpty());
  EXPECT_FALSE(has("bob"));
  EXPECT_TRUE(has_files(3)) << "and bob's is not among them";
  EXPECT_FALSE(std::filesystem::exists(file(bobs)));
  EXPECT_THAT(rows("alice"), ElementsAre("a"));
  EXPECT_THAT(rows("carol"), ElementsAre("c"));
  load("alice", {"a2"});
  EXPECT_TRUE(has("carol")) << "replacing needs no room";
  EXPECT_EQ(status().scopes, 2u);
}

TEST_F(ScopeTest, after_a_restart_the_scope_that_was_loaded_first_makes_room) {
  save(scoped(2));
  load("zoe", {"z"});
  load("alice", {"a"});
  reopen();
  load("bob", {"b"});
  EXPECT_FALSE(has("zoe"));
  EXPECT_TRUE(has("alice"));
}

TEST_F(ScopeTest, one_scope_alone_is_enough) {
  save(scoped(1));
  load("alice", {"a"});
  load("bob", {"b"});
  EXPECT_FALSE(has("alice"));
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
}

TEST_F(ScopeTest, readers_of_a_scope_that_goes_finish_undisturbed) {
  save(scoped(1));
  Ids many;
  for (int i = 0; i < 3000; ++i) many.push_back("r" + std::to_string(i));
  const auto number = load("alice", many);
  {
    const auto snapshot = of("alice");
    const auto reading = snapshot->query({}).value();
    ASSERT_NE(reading->next().value(), nullptr);
    load("bob", {"b"});
    EXPECT_FALSE(has("alice"));
    EXPECT_EQ(rows_of(*snapshot->query({}).value()), many);
    rows_of(*reading);
    EXPECT_TRUE(std::filesystem::exists(file(number)));
  }
  EXPECT_TRUE(has_files(2));
  EXPECT_FALSE(std::filesystem::exists(file(number)));
}

TEST_F(ScopeTest, the_quota_of_bytes_makes_room_and_spares_the_scope_loaded_last) {
  Datasource datasource = scoped();
  datasource.loader->max_scope_bytes = 3 << 20;
  save(datasource);
  Ids many;
  for (int i = 0; i < 40'000; ++i)
    many.push_back("a rather long id of a record, number " + std::to_string(i));
  load("small", {"a"});
  load("alice", many);
  const std::uint64_t bytes = status().bytes;
  ASSERT_GT(bytes, 3u << 20) << "the test wants a copy beyond the quota";
  EXPECT_EQ(status().scopes, 1u);
  EXPECT_EQ(rows("alice").size(), many.size());
  load("bob", {"b"});
  EXPECT_FALSE(has("alice"));
  EXPECT_TRUE(has("bob"));
}

TEST_F(ScopeTest, lower_limits_count_when_they_are_saved) {
  for (const char* scope : {"a", "b", "c"}) load(scope, {"r"});
  EXPECT_TRUE(has("a"));
  save(scoped(1));
  EXPECT_EQ(status().scopes, 1u);
  EXPECT_TRUE(has("a"));
  EXPECT_TRUE(has_files(2));
  reopen();
  EXPECT_TRUE(has("a"));
}

TEST_F(ScopeTest, dropping_the_data_drops_every_copy) {
  load("alice", {"a"});
  load("bob", {"b"});
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  EXPECT_FALSE(has("alice"));
  EXPECT_FALSE(has("bob"));
  EXPECT_TRUE(has_files(1));
  reopen();
  EXPECT_FALSE(has("alice"));
}

TEST_F(ScopeTest, deleting_the_datasource_deletes_every_file) {
  load("alice", {"a"});
  ASSERT_TRUE(database_->delete_datasource("prospects").has_value());
  reopen();
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "generations"));
}

TEST_F(ScopeTest, what_was_loaded_under_another_rule_is_not_shown) {
  load("alice", {"a"});
  Datasource other = scoped();
  other.loader->scope_headers = {"X-User", "X-Org"};
  save(other);
  EXPECT_FALSE(has("alice"));
  load("alice", {"a"});
  Datasource shared = scoped();
  shared.loader = some_loader();
  save(shared);
  EXPECT_THAT(rows(""), IsEmpty());
  EXPECT_TRUE(has_files(1));

  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  append(*builder, {"everybody's"});
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  EXPECT_THAT(rows(""), ElementsAre("everybody's"));
  save(scoped());
  EXPECT_THAT(rows(""), IsEmpty());
  EXPECT_THAT(rows("alice"), IsEmpty());
}

TEST_F(ScopeTest, a_load_that_began_under_another_rule_does_not_go_live) {
  auto scoped_load = begin("alice");
  append(*scoped_load, {"a"});
  ASSERT_TRUE(scoped_load->finish().has_value());
  Datasource shared = scoped();
  shared.loader = some_loader();
  save(shared);
  auto shared_load = database_->begin_generation("prospects", LoadMode::kReplace).value();
  append(*shared_load, {"everybody's"});
  ASSERT_TRUE(shared_load->finish().has_value());
  EXPECT_EQ(scoped_load->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  save(scoped());
  EXPECT_EQ(shared_load->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  EXPECT_THAT(rows(""), IsEmpty());
  EXPECT_THAT(rows("alice"), IsEmpty());
}

TEST_F(ScopeTest, written_records_are_not_dropped_for_scopes) {
  Datasource written = prospects();
  written.id = "written";
  save(written);
  write({record("a", "active", 1)}, "written");
  written.loader = scoped().loader;
  const auto refused = database_->save_datasource(written);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(refused.error().field(), "loader.scopeHeaders");
  ASSERT_TRUE(database_->delete_all("written").has_value());
  EXPECT_EQ(save(written), Saved::kChanged);
}

TEST_F(ScopeTest, records_come_from_the_loader_alone) {
  const Error error = refusal({record("a", "active", 1)});
  EXPECT_EQ(error.reason(), Reason::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("loader"));
  auto transaction = database_->begin().value();
  ASSERT_TRUE(transaction->write("prospects", record("a", "active", 1)).has_value());
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kFailedPrecondition);
  EXPECT_THAT(rows(""), IsEmpty());
}

TEST_F(ScopeTest, a_copy_is_named_as_the_datasource_keeps_them) {
  EXPECT_EQ(database_->begin_generation("prospects", LoadMode::kReplace).error().reason(),
            Reason::kFailedPrecondition);
  Datasource shared = prospects();
  shared.id = "shared";
  save(shared);
  EXPECT_EQ(database_->begin_generation({"shared", "alice"}, LoadMode::kReplace).error().reason(),
            Reason::kFailedPrecondition);
  EXPECT_EQ(database_->snapshot({"shared", "alice"}).error().reason(), Reason::kFailedPrecondition);
  for (const std::string& scope : {std::string("../alice"), std::string("a b"), std::string(65, 'a')}) {
    EXPECT_EQ(database_->snapshot({"prospects", scope}).error().field(), "scope");
    EXPECT_EQ(database_->begin_generation({"prospects", scope}, LoadMode::kReplace).error().field(), "scope");
  }
  EXPECT_EQ(database_->snapshot({"nowhere", "alice"}).error().reason(), Reason::kNotFound);
}

TEST_F(ScopeTest, a_changed_schema_is_that_of_every_copy) {
  load("alice", {"a1", "a2"});
  load("bob", {"b"});
  Datasource changed = scoped();
  changed.fields[0].indexed = true;
  changed.fields.push_back({.name = "extra", .type = Type::kInt});
  save(changed);
  wait_for_indexes();
  EXPECT_THAT(problems(), IsEmpty());
  for (const auto& index : status().indexes) EXPECT_EQ(index.rows_indexed, 3u) << index.name;
  const auto found = of("alice")->query({.sort = {{.field = "name"}}}, {.force_index = "name"});
  ASSERT_TRUE(found.has_value()) << found.error().to_string();
  EXPECT_THAT(rows_of(**found), ElementsAre("a1", "a2"));
  reopen();
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
  EXPECT_THAT(problems(), IsEmpty());

  changed.fields.back().type = Type::kString;
  save(changed);
  EXPECT_FALSE(has("alice")) << "a changed type empties them all";
  EXPECT_EQ(status().scopes, 0u);
}

TEST_F(ScopeTest, a_load_finished_before_an_index_was_added_gets_it) {
  auto builder = begin("alice");
  append(*builder, {"a"});
  ASSERT_TRUE(builder->finish().has_value());
  Datasource changed = scoped();
  changed.fields[0].indexed = true;
  save(changed);
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  wait_for_indexes();
  EXPECT_THAT(rows("alice"), ElementsAre("a"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(ScopeTest, a_damaged_copy_is_discarded_and_the_others_stay) {
  const auto damaged = load("alice", {"a"});
  const auto missing = load("bob", {"b"});
  load("carol", {"c"});
  close();
  std::ofstream(file(damaged), std::ios::binary | std::ios::trunc) << "this is no environment";
  std::filesystem::remove(file(missing));
  open();
  EXPECT_FALSE(has("alice"));
  EXPECT_FALSE(has("bob"));
  EXPECT_THAT(rows("carol"), ElementsAre("c"));
  EXPECT_EQ(status().scopes, 1u);
  reopen();
  EXPECT_EQ(status().scopes, 1u);
  EXPECT_TRUE(has_files(2));
}

TEST_F(ScopeTest, numbers_of_generations_that_have_gone_are_not_used_again) {
  load("alice", {"a"});
  const auto last = load("bob", {"b"});
  ASSERT_TRUE(database_->delete_datasource("prospects").has_value());
  reopen();
  save(scoped());
  EXPECT_GT(of("alice")->info().generation, last);
  EXPECT_GT(load("alice", {"a"}), last);
}

TEST_F(ScopeTest, a_cursor_of_one_scope_gives_no_rows_of_another) {
  load("alice", {"a1", "a2"});
  load("bob", {"b1", "b2"});
  const Query page{.take = 1};
  const auto first = of("alice")->query(page).value();
  rows_of(*first);
  Query next = page;
  next.cursor = first->next_cursor().value();
  ASSERT_TRUE(next.cursor);
  EXPECT_THAT(rows_of(*of("alice")->query(next).value()), ElementsAre("a2"));
  EXPECT_EQ(of("bob")->query(next).error().reason(), Reason::kCursorExpired);
  EXPECT_EQ(of("carol")->query(next).error().reason(), Reason::kCursorExpired);
  EXPECT_EQ(of("")->query(next).error().reason(), Reason::kCursorExpired);
}

TEST_F(ScopeTest, a_merge_keeps_what_the_scope_had_and_nothing_of_others) {
  load("alice", {"a1"}, LoadMode::kMerge);
  load("bob", {"b1"}, LoadMode::kMerge);
  load("alice", {"a2"}, LoadMode::kMerge);
  EXPECT_THAT(rows("alice"), UnorderedElementsAre("a1", "a2"));
  EXPECT_THAT(rows("bob"), ElementsAre("b1"));
}

TEST_F(ScopeTest, a_merge_into_a_copy_that_has_gone_does_not_bring_it_back) {
  save(scoped(1));
  load("alice", {"a1"});
  auto merge = begin("alice", LoadMode::kMerge);
  append(*merge, {"a2"});
  load("bob", {"b"});
  ASSERT_TRUE(merge->finish().has_value());
  EXPECT_EQ(merge->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  EXPECT_FALSE(has("alice"));
  EXPECT_THAT(rows("bob"), ElementsAre("b"));
}

TEST_F(ScopeTest, a_load_that_is_given_up_leaves_no_trace) {
  {
    auto builder = begin("alice");
    append(*builder, {"a"});
  }
  EXPECT_FALSE(has("alice"));
  EXPECT_EQ(status().scopes, 0u);
  EXPECT_TRUE(has_files(1));
}

TEST_F(ScopeTest, peek_is_as_new_as_a_snapshot_of_the_scope_and_a_use_of_it) {
  save(scoped(2));
  ASSERT_TRUE(database_->save_list({.id = "all", .datasource = "prospects", .columns = {{.field = "name"}}})
                  .has_value());
  load("alice", {"a1", "a2"});
  load("bob", {"b1"});
  for (const char* scope : {"alice", "bob", "nobody"}) {
    const auto peeked = database_->peek_list("all", scope);
    ASSERT_TRUE(peeked) << scope;
    const SnapshotInfo info = of(scope)->info();
    EXPECT_EQ(peeked->data.generation, info.generation) << scope;
    EXPECT_EQ(peeked->data.data_version, info.data_version) << scope;
    EXPECT_EQ(peeked->data.rows, info.rows) << scope;
    EXPECT_EQ(peeked->data.loaded_at, info.loaded_at) << scope;
  }
  ASSERT_TRUE(database_->peek_list("all", "alice"));
  load("carol", {"c1"});
  EXPECT_TRUE(database_->peek_list("all", "alice")->data.loaded_at);
  EXPECT_FALSE(database_->peek_list("all", "bob")->data.loaded_at) << "he was the least recently used";
  Datasource shared = scoped();
  shared.loader->scope_headers.clear();
  save(shared);
  EXPECT_FALSE(database_->peek_list("all", "alice")) << "there is one copy for all";
}

TEST_F(ScopeTest, status_has_the_total_of_the_copies) {
  load("alice", {"a1", "a2"});
  const std::uint64_t bytes = status().bytes;
  const auto last = load("bob", {"b"});
  EXPECT_EQ(status().scopes, 2u);
  EXPECT_EQ(status().data.rows, 3u);
  EXPECT_EQ(status().data.generation, last);
  EXPECT_EQ(status().data.loaded_at, clock_.now());
  EXPECT_GT(status().bytes, bytes);
  EXPECT_EQ(database_->list_datasources().value().at(0).data.rows, 3u);
}

// Rows say whose they are: whoever reads another's fails.
TEST_F(ScopeTest, loads_reads_evictions_and_changes_on_many_threads_mix_nothing_up) {
  save(scoped(3));
  std::atomic<int> foreign = 0;
  std::atomic<int> running = 6;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      const std::string mine = "scope" + std::to_string(t);
      for (int round = 0; round < 12; ++round) {
        auto builder = database_->begin_generation({"prospects", mine}, LoadMode::kReplace);
        ASSERT_TRUE(builder.has_value()) << builder.error().to_string();
        append(**builder, {mine + "-1", mine + "-2"});
        ASSERT_TRUE((*builder)->finish().has_value());
        const auto published = (*builder)->publish(round);
        ASSERT_TRUE(published.has_value()) << published.error().to_string();
        for (int read = 0; read < 6; ++read) {
          const std::string scope = "scope" + std::to_string((t + read) % 6);
          for (const std::string& id : rows(scope))
            if (!id.starts_with(scope + "-")) ++foreign;
        }
      }
      --running;
    });
  for (bool indexed = true; running > 0; indexed = !indexed) {
    Datasource changed = scoped(3);
    changed.fields[0].indexed = indexed;
    save(changed);
    EXPECT_LE(status().scopes, 3u);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(foreign, 0);
  EXPECT_EQ(status().scopes, 3u);
  wait_for_indexes();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_TRUE(has_files(4));
}

}  // namespace
}  // namespace slate
