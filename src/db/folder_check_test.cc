#include "db/folder_check.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <iterator>

#include "codec/block.h"
#include "codec/frequencies.h"
#include "codec/key.h"
#include "db/folder_lock.h"
#include "db/testing/database_fixture.h"
#include "storage/testing/postings.h"

namespace slate {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto damage(const std::string& datasource, const std::string& part) {
  return AllOf(Field(&CheckFinding::kind, CheckFinding::Kind::kDamage),
               Field(&CheckFinding::datasource, datasource), Field(&CheckFinding::problem, HasSubstr(part)));
}
auto litter(const std::string& part) {
  return AllOf(Field(&CheckFinding::kind, CheckFinding::Kind::kLitter),
               Field(&CheckFinding::problem, HasSubstr(part)));
}

// A folder with one datasource of 600 records and a list over it, closed, to be damaged.
class FolderCheckTest : public DatabaseFixture {
 protected:
  FolderCheckTest() {
    save(prospects());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 600; ++i)
      writes.push_back(record("r" + std::to_string(i), i % 2 == 0 ? "active" : "rejected", i));
    write(writes);
    EXPECT_TRUE(
        database_->save_list({.id = "leads", .datasource = "prospects", .columns = {{.field = "name"}}}));
    file_ = generation_file();
    close();
  }

  CatalogCheck catalog() {
    auto check = check_catalog(folder_);
    EXPECT_TRUE(check.has_value()) << check.error().to_string();
    return check ? *std::move(check) : CatalogCheck{};
  }
  Result<AuditReport> generation() {
    return check_generation(folder_, {.datasource = "prospects", .number = 1}, {});
  }
  std::vector<std::string> found() {
    const auto report = generation();
    if (!report) return {report.error().to_string()};
    return report->problems;
  }
  void change(const std::filesystem::path& path,
              const std::function<void(storage::WriteTransaction&)>& change) const {
    const auto environment = storage::Environment::open(path, {.max_tables = 64}).value();
    auto txn = environment->begin_write().value();
    change(txn);
    ASSERT_TRUE(txn.commit().has_value());
  }
  static storage::Table table(storage::WriteTransaction& txn, const char* name, storage::TableKind kind) {
    return txn.find_table(name, kind).value().value();
  }
  // Rewrites one segment; its checksum is right again afterwards.
  void change_segment(std::uint64_t key, const std::function<void(std::string&)>& change_block) const {
    change(file_, [&](auto& txn) {
      const auto segments = table(txn, "segments", storage::TableKind::kNumbers);
      std::string block(txn.get(segments, key).value().value());
      change_block(block);
      seal_block(block);
      ASSERT_TRUE(txn.put(segments, key, block).has_value());
    });
  }
  std::string bytes_of(const std::filesystem::path& path) const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path file_;
};

TEST_F(FolderCheckTest, finds_nothing_in_a_folder_that_was_closed) {
  const auto check = catalog();
  EXPECT_THAT(check.findings, IsEmpty());
  EXPECT_EQ(check.lists, 1u);
  ASSERT_EQ(check.generations.size(), 1u);
  EXPECT_EQ(check.generations[0].datasource, "prospects");
  const auto report = generation();
  ASSERT_TRUE(report.has_value()) << report.error().to_string();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->rows, 600u);
  EXPECT_EQ(report->index_entries, 4u * 600u);
}

TEST_F(FolderCheckTest, copies_by_scope_are_checked_and_are_no_litter) {
  open();
  Datasource scoped = prospects();
  scoped.id = "scoped";
  scoped.loader = some_loader();
  scoped.loader->scope_headers = {"X-User"};
  save(scoped);
  for (const std::string scope : {"a", "b"}) {
    auto builder = database_->begin_generation({"scoped", scope}, LoadMode::kReplace).value();
    ASSERT_TRUE(builder->append("r" + scope, {}).has_value());
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  }
  close();
  const auto check = catalog();
  EXPECT_THAT(check.findings, IsEmpty());
  ASSERT_EQ(check.generations.size(), 4u);
  for (const LiveGeneration& live : check.generations)
    EXPECT_THAT(check_generation(folder_, live, {}).value().problems, IsEmpty());
}

TEST_F(FolderCheckTest, changes_nothing) {
  std::filesystem::remove(folder_ / "LOCK");
  std::filesystem::remove(file_.string() + "-lock");
  std::filesystem::remove(folder_ / "catalog.mdb-lock");
  const std::string catalog_before = bytes_of(folder_ / "catalog.mdb");
  const std::string data_before = bytes_of(file_);
  EXPECT_TRUE(FolderLock::take_to_read(folder_).has_value());
  catalog();
  EXPECT_TRUE(generation().has_value());
  EXPECT_EQ(bytes_of(folder_ / "catalog.mdb"), catalog_before);
  EXPECT_EQ(bytes_of(file_), data_before);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "LOCK"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "catalog.mdb-lock"));
  EXPECT_FALSE(std::filesystem::exists(file_.string() + "-lock"));
}

TEST_F(FolderCheckTest, progress_ends_at_no_more_than_all_of_it) {
  std::uint64_t calls = 0;
  std::uint64_t most = 0;
  std::uint64_t last = 0;
  ASSERT_TRUE(check_generation(folder_, {.datasource = "prospects", .number = 1},
                               [&](std::uint64_t done, std::uint64_t all) {
                                 ++calls;
                                 EXPECT_GE(done, last);
                                 last = done;
                                 most = all;
                               })
                  .has_value());
  EXPECT_GT(calls, 5u);
  EXPECT_LE(last, most);
  EXPECT_EQ(most, 3u + 4u * 600u);
}

TEST_F(FolderCheckTest, an_open_folder_is_refused) {
  open();
  EXPECT_EQ(FolderLock::take_to_read(folder_).error().reason(), Reason::kFailedPrecondition);
}

TEST_F(FolderCheckTest, a_folder_without_a_catalog_is_not_found) {
  EXPECT_EQ(check_catalog(folder_ / "generations").error().reason(), Reason::kNotFound);
}

TEST_F(FolderCheckTest, sees_a_catalog_that_is_not_one) {
  std::ofstream(folder_ / "catalog.mdb", std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  EXPECT_EQ(check_catalog(folder_).error().reason(), Reason::kCorrupt);
}

TEST_F(FolderCheckTest, sees_a_catalog_entry_that_is_damaged) {
  change(folder_ / "catalog.mdb", [](auto& txn) {
    const auto entries = table(txn, "datasources", storage::TableKind::kBytes);
    ASSERT_TRUE(
        txn.put(entries, std::string_view("prospects"), R"({"datasource":{"id":"prospects"}})").has_value());
  });
  EXPECT_FALSE(check_catalog(folder_).has_value());
}

TEST_F(FolderCheckTest, sees_a_list_over_a_field_that_is_not_declared_and_one_over_nothing) {
  change(folder_ / "catalog.mdb", [](auto& txn) {
    const auto lists = table(txn, "lists", storage::TableKind::kBytes);
    ASSERT_TRUE(
        txn.put(lists, std::string_view("a"), R"({"id":"a","datasource":"prospects","columns":["nothing"]})")
            .has_value());
    ASSERT_TRUE(txn.put(lists, std::string_view("b"), R"({"id":"b","datasource":"gone","columns":["name"]})")
                    .has_value());
  });
  EXPECT_THAT(catalog().findings, ElementsAre(damage("prospects", "list a makes no sense"),
                                              damage("gone", "list b is over it, and it is not there")));
}

TEST_F(FolderCheckTest, sees_two_columns_of_one_id) {
  change(folder_ / "catalog.mdb", [](auto& txn) {
    const auto entries = table(txn, "datasources", storage::TableKind::kBytes);
    std::string entry(txn.get(entries, std::string_view("prospects")).value().value());
    const auto at = entry.find(R"("status":2)");
    ASSERT_NE(at, std::string::npos) << entry;
    entry[at + 9] = '1';
    ASSERT_TRUE(txn.put(entries, std::string_view("prospects"), entry).has_value());
  });
  EXPECT_THAT(catalog().findings, Contains(damage("prospects", "column status has the id 1")));
}

TEST_F(FolderCheckTest, sees_files_that_no_generation_owns) {
  std::ofstream(folder_ / "generations" / "prospects" / "7.mdb") << "half a load";
  std::filesystem::create_directories(folder_ / "generations" / "gone");
  std::ofstream(folder_ / "generations" / "gone" / "1.mdb") << "x";
  std::ofstream(folder_ / "notes.txt") << "x";
  EXPECT_THAT(catalog().findings,
              testing::UnorderedElementsAre(litter("generations/prospects/7.mdb"), litter("generations/gone"),
                                            litter("notes.txt")));
}

TEST_F(FolderCheckTest, sees_a_generation_whose_file_is_missing) {
  std::filesystem::remove(file_);
  EXPECT_EQ(generation().error().reason(), Reason::kNotFound);
}

TEST_F(FolderCheckTest, sees_a_file_that_was_cut_short) {
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  const auto size = std::filesystem::file_size(file_);
  const auto report = generation();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().reason(), Reason::kCorrupt);
  EXPECT_THAT(report.error().message(), HasSubstr("was cut short"));
  EXPECT_EQ(std::filesystem::file_size(file_), size);
}

TEST_F(FolderCheckTest, sees_a_file_that_is_empty_and_one_that_is_not_of_the_store) {
  std::ofstream(file_, std::ios::trunc) << "";
  EXPECT_FALSE(generation().has_value());
  std::ofstream(file_, std::ios::trunc) << std::string(100'000, 'x');
  EXPECT_EQ(generation().error().reason(), Reason::kCorrupt);
}

TEST_F(FolderCheckTest, sees_a_state_that_is_damaged_or_of_another_version) {
  change(file_, [](auto& txn) {
    const auto meta = table(txn, "meta", storage::TableKind::kBytes);
    ASSERT_TRUE(txn.put(meta, std::string_view("state"), "short").has_value());
  });
  EXPECT_THAT(found(), ElementsAre(HasSubstr("lacks its state")));
  change(file_, [](auto& txn) {
    const auto meta = table(txn, "meta", storage::TableKind::kBytes);
    ASSERT_TRUE(txn.put(meta, std::string_view("state"), std::string(56, '\x09')).has_value());
  });
  EXPECT_EQ(generation().error().reason(), Reason::kUnsupportedFormat);
}

TEST_F(FolderCheckTest, sees_a_count_of_rows_that_is_wrong) {
  change(file_, [](auto& txn) {
    const auto meta = table(txn, "meta", storage::TableKind::kBytes);
    std::string state(txn.get(meta, std::string_view("state")).value().value());
    state[16] = static_cast<char>(state[16] + 1);
    ASSERT_TRUE(txn.put(meta, std::string_view("state"), state).has_value());
  });
  EXPECT_THAT(found(), ElementsAre("the generation says it has 601 rows, 600 are there"));
}

TEST_F(FolderCheckTest, sees_one_bit_of_a_block) {
  change(file_, [](auto& txn) {
    const auto segments = table(txn, "segments", storage::TableKind::kNumbers);
    std::string block(txn.get(segments, std::uint64_t{511}).value().value());
    block[block.size() - 1] ^= 1;
    ASSERT_TRUE(txn.put(segments, std::uint64_t{511}, block).has_value());
  });
  EXPECT_THAT(found(), Contains(HasSubstr("segment 511: block: checksum of the block at docid 256")));
}

TEST_F(FolderCheckTest, sees_a_block_whose_checksum_is_right_and_whose_structure_is_not) {
  change_segment(255, [](std::string& block) {
    const std::uint32_t rows = 2000;
    std::memcpy(block.data() + offsetof(BlockHeader, row_count), &rows, sizeof rows);
  });
  EXPECT_THAT(found(), Contains(HasSubstr("segment 255: block: row count")));
}

TEST_F(FolderCheckTest, sees_a_cell_beyond_the_bounds_of_its_column) {
  change_segment(255, [](std::string& block) {
    // Column 2 is status: its last value would be passed over by a filter.
    for (auto* entry = reinterpret_cast<ColumnEntry*>(block.data() + sizeof(BlockHeader));; ++entry) {
      if (entry->field != 2) continue;
      entry->maximum = text_prefix("b");
      return;
    }
  });
  EXPECT_THAT(found(), Contains("docid 1: status lies beyond the bounds of its column"));
}

TEST_F(FolderCheckTest, sees_an_index_entry_too_few_and_one_too_many) {
  KeyBuilder active;
  active.add_text("active", Direction::kAscending);
  const std::string key(active.bytes());
  change(file_, [&](auto& txn) {
    const auto index = table(txn, "index/1", storage::TableKind::kPostings);
    ASSERT_TRUE(storage::remove_posting(txn, index, key, 8).value());
    ASSERT_TRUE(storage::add_posting(txn, index, key, 9).has_value());
  });
  EXPECT_THAT(found(), ElementsAre(HasSubstr("index status: lacks the entry of record \"r8\" (docid 8)"),
                                   HasSubstr("index status: docid 9 has an entry that is not its value's")));
}

TEST_F(FolderCheckTest, sees_an_index_without_its_table) {
  change(file_, [](auto& txn) {
    ASSERT_TRUE(txn.drop_table(table(txn, "index/2", storage::TableKind::kPostings)).has_value());
  });
  EXPECT_THAT(found(), ElementsAre(HasSubstr("lacks index contacts")));
}

TEST_F(FolderCheckTest, sees_frequencies_that_are_not_those_of_the_cells) {
  change(file_, [](auto& txn) {
    const auto meta = table(txn, "meta", storage::TableKind::kBytes);
    std::string counts(txn.get(meta, frequencies_key(2)).value().value());
    counts[8] = static_cast<char>(counts[8] + 1);
    ASSERT_TRUE(txn.put(meta, frequencies_key(2), counts).has_value());
  });
  EXPECT_THAT(found(), Contains(HasSubstr("frequencies")));
}

TEST_F(FolderCheckTest, sees_statistics_that_cannot_be_read) {
  change(file_, [](auto& txn) {
    const auto meta = table(txn, "meta", storage::TableKind::kBytes);
    ASSERT_TRUE(txn.put(meta, std::string_view("statistics"), "no statistics").has_value());
  });
  EXPECT_THAT(found(), ElementsAre(HasSubstr("statistics")));
}

TEST_F(FolderCheckTest, ids_that_share_a_cut_key_are_told_apart) {
  open();
  const std::string front(600, 'y');
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 300; ++i) writes.push_back(record(front + std::to_string(i), "active", i));
  write(writes);
  close();
  EXPECT_THAT(found(), IsEmpty());
  // The second one gets the id of the first; both have the same key.
  change_segment(767, [&](std::string& block) {
    const auto at = block.find(front + "1");
    ASSERT_NE(at, std::string::npos);
    block[at + front.size()] = '0';
  });
  EXPECT_THAT(found(), Contains(HasSubstr("two records have the id \"yyy")));
}

}  // namespace
}  // namespace slate
