#include <barrier>
#include <gmock/gmock.h>
#include <thread>

#include <slate/transaction.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TransactionTest : public DatabaseFixture {
 protected:
  TransactionTest() { save(prospects()); }

  std::unique_ptr<Transaction> begin() { return database_->begin().value(); }
  static void put(Transaction& transaction, RecordWrite write, std::string_view datasource = "prospects") {
    const auto written = transaction.write(datasource, std::move(write));
    EXPECT_TRUE(written.has_value()) << written.error().to_string();
  }
  static std::int64_t contacts(const std::optional<Record>& record) {
    const Value* value = record ? record->find("contacts") : nullptr;
    return value != nullptr ? *value->get_if<std::int64_t>() : 0;
  }
  static RecordWrite counter(std::string id, std::int64_t count) {
    return {.id = std::move(id), .cells = {{"contacts", Value(count)}}};
  }
};

TEST_F(TransactionTest, an_update_of_a_missing_record_is_refused_by_the_commit_and_not_seen_before) {
  auto transaction = begin();
  put(*transaction, {.kind = WriteKind::kUpdate, .id = "ghost", .cells = {{"contacts", 3}}});
  EXPECT_EQ(transaction->get("prospects", "ghost").value(), std::nullopt);
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kNotFound);
  EXPECT_FALSE(get("ghost").has_value());
}

TEST_F(TransactionTest, counters_that_four_threads_add_to_end_at_the_exact_sum) {
  constexpr int kThreads = 4;
  constexpr int kAdds = 60;
  std::atomic<int> conflicts = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kAdds; ++i) {
        const std::string id = "counter" + std::to_string((i + thread) % 3);
        for (;;) {
          auto transaction = begin();
          const auto seen = transaction->get_for_update("prospects", id);
          ASSERT_TRUE(seen.has_value());
          put(*transaction, counter(id, contacts(*seen) + 1));
          const auto committed = transaction->commit();
          if (committed) break;
          ASSERT_EQ(committed.error().reason(), Reason::kConflict) << committed.error().to_string();
          ++conflicts;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::int64_t sum = 0;
  for (int i = 0; i < 3; ++i) sum += contacts(get("counter" + std::to_string(i)));
  EXPECT_EQ(sum, kThreads * kAdds);
  EXPECT_THAT(problems(), IsEmpty());
}

// Each takes the other's row as given: both may not commit.
TEST_F(TransactionTest, get_for_update_prevents_write_skew) {
  for (int round = 0; round < 40; ++round) {
    write({counter("left", 1), counter("right", 1)});
    std::barrier both(2);
    std::atomic<int> committed = 0;
    const auto withdraw = [&](const char* mine, const char* other) {
      auto transaction = begin();
      const auto a = transaction->get_for_update("prospects", mine);
      const auto b = transaction->get_for_update("prospects", other);
      both.arrive_and_wait();
      ASSERT_TRUE(a.has_value() && b.has_value());
      ASSERT_EQ(contacts(*a) + contacts(*b), 2);
      put(*transaction, counter(mine, 0));
      if (transaction->commit()) ++committed;
    };
    std::thread left([&] { withdraw("left", "right"); });
    std::thread right([&] { withdraw("right", "left"); });
    left.join();
    right.join();
    ASSERT_EQ(committed, 1);
    ASSERT_EQ(contacts(get("left")) + contacts(get("right")), 1);
  }
}

TEST_F(TransactionTest, a_failed_commit_leaves_no_record_and_no_index_entry) {
  write({record("a", "active", 1)});
  auto loser = begin();
  put(*loser, record("a", "rejected", 50));
  put(*loser, record("b", "rejected", 51));
  write({record("a", "open", 2)});
  const auto lost = loser->commit();
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().reason(), Reason::kConflict);
  EXPECT_THAT(ids({}), ElementsAre("a"));
  EXPECT_THAT(ids_where("status", Op::kEq, "rejected", {.force_index = "status"}), IsEmpty());
  EXPECT_THAT(ids_where("contacts", Op::kGte, 50, {.force_index = "contacts"}), IsEmpty());
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(TransactionTest, a_record_read_for_update_that_another_created_is_a_conflict) {
  auto transaction = begin();
  EXPECT_EQ(transaction->get_for_update("prospects", "a").value(), std::nullopt);
  put(*transaction, counter("b", 1));
  write({record("a", "active", 1)});
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kConflict);
  EXPECT_THAT(ids({}), ElementsAre("a"));
}

TEST_F(TransactionTest, a_record_that_was_only_read_may_change) {
  write({record("a", "active", 1)});
  auto transaction = begin();
  EXPECT_EQ(contacts(transaction->get("prospects", "a").value()), 1);
  put(*transaction, counter("b", 1));
  write({record("a", "active", 2)});
  EXPECT_EQ(contacts(transaction->get("prospects", "a").value()), 1);
  EXPECT_TRUE(transaction->commit().has_value());
}

TEST_F(TransactionTest, it_reads_its_own_merges_replaces_and_deletes) {
  write({{.id = "a",
          .cells = {{"name", "Acme"}, {"status", "active"}, {"address", MapValue{{"city", "Paris"}}}}}});
  auto transaction = begin();
  const auto seen = [&] { return transaction->get("prospects", "a").value(); };
  put(*transaction, {.id = "a", .cells = {{"address.zip", 75001}, {"status", Value()}}});
  ASSERT_TRUE(seen().has_value());
  EXPECT_EQ(*seen()->find("address"), Value(MapValue{{"city", "Paris"}, {"zip", 75001}}));
  EXPECT_EQ(seen()->find("status"), nullptr);
  EXPECT_EQ(*seen()->find("name"), Value("Acme"));
  put(*transaction, {.id = "a", .cells = {{"address", MapValue{{"zip", 1}}}}});
  EXPECT_EQ(*seen()->find("address"), Value(MapValue{{"zip", 1}}));
  put(*transaction, {.kind = WriteKind::kReplace, .id = "a", .cells = {{"contacts", 3}}});
  EXPECT_EQ(seen()->cells.size(), 1u);
  put(*transaction, {.kind = WriteKind::kDelete, .id = "a", .cells = {{"name", "of no account"}}});
  EXPECT_EQ(seen(), std::nullopt);
  put(*transaction, {.id = "a", .cells = {{"tags", ListValue{Value("x")}}}});
  ASSERT_TRUE(seen().has_value());
  EXPECT_EQ(seen()->cells.size(), 1u);
  const auto before_commit = seen();
  EXPECT_EQ(cell("a", "name"), Value("Acme"));  // nobody else sees any of it yet
  EXPECT_EQ(transaction->commit().value(), (WriteCounts{.inserted = 1, .updated = 3, .deleted = 1}));
  EXPECT_EQ(get("a")->cells, before_commit->cells);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(TransactionTest, a_refused_write_leaves_the_transaction_as_it_was) {
  auto transaction = begin();
  put(*transaction, record("a", "active", 1));
  EXPECT_EQ(transaction->write("prospects", {.id = "b", .cells = {{"contacts", "many"}}}).error().reason(),
            Reason::kInvalidArgument);
  EXPECT_EQ(transaction->write("nothing", record("b", "active", 1)).error().reason(), Reason::kNotFound);
  EXPECT_EQ(transaction->commit().value(), (WriteCounts{.inserted = 1}));
  EXPECT_THAT(ids({}), ElementsAre("a"));
}

TEST_F(TransactionTest, it_is_over_after_its_commit) {
  auto transaction = begin();
  EXPECT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(transaction->write("prospects", record("a", "active", 1)).error().reason(),
            Reason::kFailedPrecondition);
  EXPECT_EQ(transaction->get("prospects", "a").error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kFailedPrecondition);
}

TEST_F(TransactionTest, a_change_of_the_fields_or_of_all_data_is_a_conflict) {
  auto transaction = begin();
  put(*transaction, record("a", "active", 1));
  Datasource wider = prospects();
  wider.fields.push_back({.name = "more", .type = Type::kInt});
  save(wider);
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kConflict);
  transaction = begin();
  put(*transaction, record("a", "active", 1));
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  EXPECT_EQ(transaction->commit().error().reason(), Reason::kConflict);
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_F(TransactionTest, a_commit_that_writes_nothing_leaves_the_data_version) {
  write({record("a", "active", 1)});
  const auto version = snapshot()->info().data_version;
  auto transaction = begin();
  ASSERT_TRUE(transaction->get_for_update("prospects", "a").has_value());
  EXPECT_EQ(transaction->commit().value(), WriteCounts{});
  EXPECT_EQ(write({}), WriteCounts{});
  EXPECT_EQ(snapshot()->info().data_version, version);
}

class TwoDatasources : public TransactionTest {
 protected:
  TwoDatasources() {
    Datasource other = prospects();
    other.id = "accounts";
    save(other);
  }
};

TEST_F(TwoDatasources, are_written_together) {
  auto transaction = begin();
  put(*transaction, record("a", "active", 1));
  put(*transaction, record("b", "active", 2), "accounts");
  EXPECT_EQ(transaction->commit().value(), (WriteCounts{.inserted = 2}));
  EXPECT_THAT(ids({}), ElementsAre("a"));
  EXPECT_THAT(ids({}, {}, "accounts"), ElementsAre("b"));
}

TEST_F(TwoDatasources, a_conflict_in_one_changes_neither) {
  for (const char* changed : {"prospects", "accounts"}) {
    auto transaction = begin();
    put(*transaction, record("a", "active", 1));
    put(*transaction, record("a", "active", 2), "accounts");
    write({record("a", "open", 3)}, changed);
    EXPECT_EQ(transaction->commit().error().reason(), Reason::kConflict);
    write({deletion("a")}, changed);
    EXPECT_THAT(ids({}), IsEmpty());
    EXPECT_THAT(ids({}, {}, "accounts"), IsEmpty());
  }
}

TEST_F(TwoDatasources, a_record_too_large_in_one_changes_neither) {
  // Each write is small enough; only together are they too large, which the commit finds out.
  for (const char* bad : {"prospects", "accounts"}) {
    const char* good = std::string_view(bad) == "prospects" ? "accounts" : "prospects";
    auto transaction = begin();
    put(*transaction, record("fine", "active", 1), good);
    put(*transaction, {.id = "big", .cells = {{"name", std::string(9u << 20, 'n')}}}, bad);
    put(*transaction, {.id = "big", .cells = {{"status", std::string(9u << 20, 's')}}}, bad);
    EXPECT_EQ(transaction->commit().error().reason(), Reason::kInvalidArgument);
    EXPECT_THAT(ids({}), IsEmpty());
    EXPECT_THAT(ids({}, {}, "accounts"), IsEmpty());
  }
}

TEST_F(TwoDatasources, transfers_in_both_directions_neither_block_each_other_nor_lose_anything) {
  write({counter("till", 1000)});
  write({counter("till", 1000)}, "accounts");
  const auto transfer = [&](const char* from, const char* to) {
    for (int i = 0; i < 40;) {
      auto transaction = begin();
      const auto source = transaction->get_for_update(from, "till");
      const auto target = transaction->get_for_update(to, "till");
      ASSERT_TRUE(source.has_value() && target.has_value());
      put(*transaction, counter("till", contacts(*source) - 1), from);
      put(*transaction, counter("till", contacts(*target) + 1), to);
      if (transaction->commit()) ++i;
    }
  };
  std::thread there([&] { transfer("prospects", "accounts"); });
  std::thread back([&] { transfer("accounts", "prospects"); });
  there.join();
  back.join();
  EXPECT_EQ(contacts(get("till")), 1000);
  EXPECT_EQ(contacts(get("till", "accounts")), 1000);
}

class GroupCommit : public DatabaseFixture {
 protected:
  GroupCommit() {
    Datasource datasource = prospects();
    datasource.durability = Durability::kSync;
    save(datasource);
  }
};

TEST_F(GroupCommit, everything_that_many_threads_write_is_there_and_one_bad_batch_fails_alone) {
  constexpr int kThreads = 8;
  constexpr int kBatches = 25;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kBatches; ++i) {
        const std::string mine = std::to_string(thread) + "/" + std::to_string(i);
        // Refused only within the transaction, where it stands together with those of the other threads.
        if (thread == 0) {
          const auto half = std::string(9u << 19, 'x');
          const std::vector<RecordWrite> too_large = {
              record("good with bad " + mine, "active", 1),
              {.id = "bad " + mine, .cells = {{"name", half}, {"status", half}}},
              {.id = "bad " + mine, .cells = {{"address.city", half}, {"tags", ListValue{Value(half)}}}}};
          const auto result = database_->write_batch("prospects", too_large);
          ASSERT_FALSE(result.has_value());
          EXPECT_EQ(result.error().reason(), Reason::kInvalidArgument);
          if (++refused == 3) return;
          continue;
        }
        const std::vector<RecordWrite> writes = {record(mine, "active", i), record("shared", "active", i)};
        ASSERT_TRUE(database_->write_batch("prospects", writes).has_value());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 3);
  reopen();
  EXPECT_EQ(ids({}).size(), (kThreads - 1) * kBatches + 1u);
  for (int thread = 1; thread < kThreads; ++thread)
    for (int i = 0; i < kBatches; ++i)
      EXPECT_TRUE(get(std::to_string(thread) + "/" + std::to_string(i)).has_value());
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(GroupCommit, batches_do_not_conflict_whoever_else_writes_their_record_or_changes_the_fields) {
  constexpr int kBatches = 40;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kBatches; ++i) {
        const std::vector<RecordWrite> writes = {
            record("shared", "active", i), record(std::to_string(thread) + "/" + std::to_string(i), "a", i)};
        const auto written = database_->write_batch("prospects", writes);
        ASSERT_TRUE(written) << written.error().to_string();
      }
    });
  threads.emplace_back([&] {
    Datasource datasource = database_->get_datasource("prospects").value().datasource;
    const std::size_t fields = datasource.fields.size();
    for (int i = 0; i < kBatches; ++i) {
      if (i % 2 == 0)
        datasource.fields.push_back({.name = "more"});
      else
        datasource.fields.resize(fields);
      ASSERT_TRUE(database_->save_datasource(datasource));
    }
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ids({}).size(), 4 * kBatches + 1u);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(GroupCommit, optimistic_commits_of_one_record_in_one_group_do_not_overwrite_each_other) {
  std::atomic<int> successes = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        auto transaction = database_->begin().value();
        const auto seen = transaction->get("prospects", "one").value();
        const Value* count = seen ? seen->find("contacts") : nullptr;
        const std::int64_t next = (count != nullptr ? *count->get_if<std::int64_t>() : 0) + 1;
        ASSERT_TRUE(
            transaction->write("prospects", {.id = "one", .cells = {{"contacts", Value(next)}}}).has_value());
        if (transaction->commit()) ++successes;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(cell("one", "contacts"), Value(successes.load()));
  EXPECT_GT(successes, 0);
}

}  // namespace
}  // namespace slate
