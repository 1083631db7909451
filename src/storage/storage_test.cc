#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <unistd.h>

#include "storage/cursor.h"
#include "storage/environment.h"
#include "storage/testing/postings.h"

namespace slate::storage {
namespace {

class Storage : public testing::Test {
 protected:
  Storage() {
    folder_ = std::filesystem::temp_directory_path() /
              ("slate_storage_" + std::to_string(::getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    reopen();
  }
  ~Storage() override {
    environment_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    environment_.reset();
    environment_ =
        Environment::open(folder_ / "data.mdb", {.commit_sync = CommitSync::kBuffered, .faults = faults_})
            .value();
  }
  Table postings_table() {
    auto txn = environment_->begin_write().value();
    const Table table = txn.create_table("postings", TableKind::kPostings).value();
    EXPECT_TRUE(txn.commit().has_value());
    return table;
  }

  std::filesystem::path folder_;
  Faults* faults_ = nullptr;
  std::unique_ptr<Environment> environment_;
};

std::vector<std::uint64_t> all_postings(PostingCursor& cursor) {
  std::vector<std::uint64_t> all;
  for (;;) {
    const auto some = cursor.next_postings().value();
    if (some.empty()) return all;
    all.insert(all.end(), some.begin(), some.end());
  }
}

TEST_F(Storage, a_committed_value_is_there_after_reopening) {
  {
    auto txn = environment_->begin_write().value();
    const Table table = txn.create_table("t", TableKind::kNumbers).value();
    ASSERT_TRUE(txn.put(table, std::uint64_t{7}, "seven").has_value());
    ASSERT_TRUE(txn.commit().has_value());
  }
  reopen();
  auto txn = environment_->begin_read().value();
  const Table table = txn.find_table("t", TableKind::kNumbers).value().value();
  EXPECT_EQ(txn.get(table, std::uint64_t{7}).value(), "seven");
  EXPECT_EQ(txn.get(table, std::uint64_t{8}).value(), std::nullopt);
}

TEST_F(Storage, an_uncommitted_write_never_happened) {
  const Table table = postings_table();
  {
    auto txn = environment_->begin_write().value();
    ASSERT_TRUE(add_posting(txn, table, "k", 1).has_value());
  }
  auto txn = environment_->begin_read().value();
  EXPECT_EQ(txn.count(table).value(), 0u);
}

TEST_F(Storage, a_reader_keeps_its_snapshot_while_others_commit) {
  const Table table = postings_table();
  auto reader = environment_->begin_read().value();
  std::jthread writer([&] {
    auto txn = environment_->begin_write().value();
    EXPECT_TRUE(add_posting(txn, table, "k", 1).has_value());
    EXPECT_TRUE(txn.commit().has_value());
  });
  writer.join();
  EXPECT_EQ(reader.count(table).value(), 0u);
  EXPECT_EQ(environment_->begin_read().value().count(table).value(), 1u);
}

TEST_F(Storage, number_keys_are_walked_in_numeric_order) {
  auto txn = environment_->begin_write().value();
  const Table table = txn.create_table("t", TableKind::kNumbers).value();
  for (const std::uint64_t key : {255u, 1u, 65'535u, 256u}) ASSERT_TRUE(txn.put(table, key, "x").has_value());
  {
    auto cursor = NumberCursor::open(txn, table).value();
    EXPECT_EQ(cursor.seek(2).value()->key, 255u);
    EXPECT_EQ(cursor.next().value()->key, 256u);
    EXPECT_EQ(cursor.next().value()->key, 65'535u);
    EXPECT_FALSE(cursor.next().value().has_value());
    EXPECT_EQ(cursor.last().value()->key, 65'535u);
  }
  ASSERT_TRUE(txn.commit().has_value());
}

// Random postings against a map of sets: singles, sub-pages and whole trees of postings under one key.
TEST_F(Storage, postings_behave_like_a_sorted_map_of_sorted_sets) {
  const Table table = postings_table();
  std::mt19937_64 random(4);
  std::map<std::string, std::set<std::uint64_t>> model;
  auto txn = environment_->begin_write().value();
  for (int round = 0; round < 40'000; ++round) {
    const std::string key = "k" + std::to_string(random() % 20 * (random() % 3));
    const std::uint64_t posting = random() % (key == "k0" ? 100'000 : 50);
    if (random() % 3 != 0) {
      ASSERT_TRUE(add_posting(txn, table, key, posting).has_value());
      model[key].insert(posting);
    } else {
      ASSERT_EQ(remove_posting(txn, table, key, posting).value(), model[key].erase(posting) == 1);
      if (model[key].empty()) model.erase(key);
    }
  }
  ASSERT_TRUE(txn.commit().has_value());

  auto reader = environment_->begin_read().value();
  auto cursor = PostingCursor::open(reader, table).value();
  auto at = cursor.seek("").value();
  for (const auto& [key, postings] : model) {
    ASSERT_TRUE(at.has_value());
    ASSERT_EQ(*at, key);
    ASSERT_EQ(cursor.count_postings().value(), postings.size());
    ASSERT_EQ(all_postings(cursor), std::vector<std::uint64_t>(postings.begin(), postings.end()));
    at = cursor.next_key().value();
  }
  EXPECT_FALSE(at.has_value());

  at = cursor.last_key().value();
  for (auto entry = model.rbegin(); entry != model.rend(); ++entry) {
    ASSERT_EQ(*at, entry->first);
    ASSERT_EQ(all_postings(cursor), std::vector<std::uint64_t>(entry->second.begin(), entry->second.end()));
    at = cursor.previous_key().value();
  }
  EXPECT_FALSE(at.has_value());

  for (int round = 0; round < 500; ++round) {
    const auto entry = std::next(model.begin(), static_cast<long>(random() % model.size()));
    const std::uint64_t from = random() % 100'001;
    ASSERT_TRUE(cursor.seek_posting(entry->first, from).has_value());
    ASSERT_EQ(all_postings(cursor),
              std::vector<std::uint64_t>(entry->second.lower_bound(from), entry->second.end()));
    ASSERT_EQ(cursor.seek_before(entry->first).value().has_value(), entry != model.begin());
  }

  auto descending = PostingCursor::open(reader, table, PostingOrder::kDescending).value();
  at = descending.seek("").value();
  for (const auto& [key, postings] : model) {
    ASSERT_EQ(*at, key);
    ASSERT_EQ(all_postings(descending), std::vector<std::uint64_t>(postings.rbegin(), postings.rend()));
    at = descending.next_key().value();
  }
  at = descending.last_key().value();
  for (auto entry = model.rbegin(); entry != model.rend(); ++entry) {
    ASSERT_EQ(*at, entry->first);
    ASSERT_EQ(all_postings(descending),
              std::vector<std::uint64_t>(entry->second.rbegin(), entry->second.rend()));
    at = descending.previous_key().value();
  }
  for (int round = 0; round < 500; ++round) {
    const auto entry = std::next(model.begin(), static_cast<long>(random() % model.size()));
    const std::uint64_t from = random() % 100'001;
    ASSERT_TRUE(descending.seek_posting(entry->first, from).has_value());
    ASSERT_EQ(all_postings(descending),
              std::vector<std::uint64_t>(std::make_reverse_iterator(entry->second.upper_bound(from)),
                                         entry->second.rend()));
  }
}

TEST_F(Storage, appended_postings_equal_added_ones) {
  const Table table = postings_table();
  std::map<std::string, std::vector<std::uint64_t>> model;
  std::mt19937_64 random(8);
  for (int i = 0; i < 300; ++i) {
    auto& postings = model["key" + std::to_string(1000 + i)];
    const std::size_t count = i % 3 == 0 ? 1 : i % 3 == 1 ? 2 + random() % 40 : 2000 + random() % 3000;
    for (std::size_t n = 0; n < count; ++n) postings.push_back(n * 3);
  }
  {
    auto txn = environment_->begin_write().value();
    {
      auto editor = PostingEditor::open(txn, table).value();
      for (const auto& [key, postings] : model) {
        const std::span all(postings);
        const std::size_t half = all.size() / 2;
        ASSERT_TRUE(editor.add(key, all.first(half)).has_value());
        ASSERT_TRUE(editor.add(key, all.subspan(half)).has_value());
      }
    }
    ASSERT_TRUE(txn.commit().has_value());
  }
  auto reader = environment_->begin_read().value();
  auto cursor = PostingCursor::open(reader, table).value();
  auto at = cursor.seek("").value();
  for (const auto& [key, postings] : model) {
    ASSERT_EQ(*at, key);
    ASSERT_EQ(all_postings(cursor), postings);
    at = cursor.next_key().value();
  }
}

// Batches by one editor against a map of sets: below, above and among the keys and postings that are there.
TEST_F(Storage, an_editor_changes_postings_like_a_sorted_map_of_sorted_sets) {
  const Table table = postings_table();
  std::mt19937_64 random(11);
  std::map<std::string, std::set<std::uint64_t>> model;
  for (std::uint64_t batch = 0; batch < 60; ++batch) {
    std::map<std::string, std::set<std::uint64_t>> added;
    for (int i = 0; i < 400; ++i) {
      const std::string key = "k" + std::to_string(100 + random() % (batch + 1) * (random() % 3));
      // Beyond all postings so far, as those of new records, or anywhere.
      added[key].insert(random() % 2 == 0 ? batch * 1000 + random() % 1000 : random() % 60'000);
    }
    auto txn = environment_->begin_write().value();
    {
      auto editor = PostingEditor::open(txn, table).value();
      for (const auto& [key, postings] : model) {
        if (random() % 4 != 0) continue;
        EXPECT_FALSE(editor.remove(key + "x", *postings.begin()).value());
        EXPECT_FALSE(editor.remove(key, 1'000'000).value());
      }
      for (auto entry = model.begin(); entry != model.end();) {
        auto& postings = entry->second;
        // Some of them, or all, so that keys go too.
        const std::size_t least = random() % 2 == 0 ? 0 : postings.size() / 2;
        while (random() % 50 != 0 && postings.size() > least) {
          const auto gone = random() % 2 == 0 ? postings.begin() : std::prev(postings.end());
          ASSERT_TRUE(editor.remove(entry->first, *gone).value());
          postings.erase(gone);
        }
        entry = postings.empty() ? model.erase(entry) : std::next(entry);
      }
      for (const auto& [key, postings] : added) {
        const std::vector<std::uint64_t> all(postings.begin(), postings.end());
        ASSERT_TRUE(editor.add(key, all).has_value());
        model[key].insert(all.begin(), all.end());
      }
    }
    ASSERT_TRUE(txn.commit().has_value());

    auto reader = environment_->begin_read().value();
    auto cursor = PostingCursor::open(reader, table).value();
    auto at = cursor.seek("").value();
    for (const auto& [key, postings] : model) {
      ASSERT_EQ(*at, key);
      ASSERT_EQ(cursor.count_postings().value(), postings.size());
      ASSERT_EQ(all_postings(cursor), std::vector<std::uint64_t>(postings.begin(), postings.end()));
      ASSERT_EQ(cursor.find(key).value(), *postings.begin());
      ASSERT_EQ(cursor.find(key + "x").value(), std::nullopt);
      at = cursor.seek(key + " ").value();
    }
    ASSERT_FALSE(at.has_value());
  }
}

TEST_F(Storage, pooled_readers_see_what_was_committed_since) {
  const Table table = postings_table();
  for (std::uint64_t i = 0; i < 20; ++i) {
    { EXPECT_EQ(environment_->begin_read().value().count(table).value(), i); }
    auto txn = environment_->begin_write().value();
    ASSERT_TRUE(add_posting(txn, table, "k", i).has_value());
    ASSERT_TRUE(txn.commit().has_value());
  }
}

TEST_F(Storage, a_file_that_is_no_store_is_refused) {
  environment_.reset();
  std::filesystem::resize_file(folder_ / "data.mdb", 0);
  std::FILE* file = std::fopen((folder_ / "data.mdb").c_str(), "w");
  const std::string junk(20'000, 'j');
  std::fwrite(junk.data(), 1, junk.size(), file);
  std::fclose(file);
  const auto opened = Environment::open(folder_ / "data.mdb", {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason(), Reason::kCorrupt);
}

class FailingCommit final : public Faults {
 public:
  Result<void> before(Operation operation) override {
    if (operation == Operation::kCommit && armed) return fail(Reason::kIo, "injected");
    return {};
  }
  bool armed = false;
};

TEST_F(Storage, a_failed_commit_changes_nothing) {
  const Table table = postings_table();
  FailingCommit faults;
  faults_ = &faults;
  reopen();
  {
    auto txn = environment_->begin_write().value();
    const Table again = txn.create_table("postings", TableKind::kPostings).value();
    EXPECT_EQ(again.handle, table.handle);
    ASSERT_TRUE(add_posting(txn, again, "k", 1).has_value());
    faults.armed = true;
    const auto committed = txn.commit();
    ASSERT_FALSE(committed.has_value());
    EXPECT_EQ(committed.error().reason(), Reason::kIo);
  }
  faults.armed = false;
  auto txn = environment_->begin_read().value();
  EXPECT_EQ(txn.count(txn.find_table("postings", TableKind::kPostings).value().value()).value(), 0u);
  environment_->sync().value();
}

}  // namespace
}  // namespace slate::storage
