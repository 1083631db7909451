#include "db/audit.h"

#include <functional>
#include <gmock/gmock.h>

#include "codec/key.h"
#include "db/testing/database_fixture.h"
#include "storage/cursor.h"
#include "storage/environment.h"
#include "storage/testing/postings.h"

namespace slate {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_key(std::string_view text) {
  KeyBuilder key;
  key.add_text(text, Direction::kAscending);
  return std::string(key.bytes());
}

// Breaks the stored file behind the database's back.
class AuditTest : public DatabaseFixture {
 protected:
  AuditTest() {
    save(prospects());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 600; ++i)
      writes.push_back(record("r" + std::to_string(i), i % 2 == 0 ? "active" : "rejected", i));
    write(writes);
    write({deletion("r5"), record("r6", "rejected", 7)});
  }

  void break_file(const std::function<void(storage::WriteTransaction&)>& change) {
    change_file(change);
    open();
  }
  static storage::Table table(storage::WriteTransaction& txn, const char* name, storage::TableKind kind) {
    return txn.find_table(name, kind).value().value();
  }
  static storage::Table status_index(storage::WriteTransaction& txn) {
    return table(txn, "index/1", storage::TableKind::kPostings);
  }
};

TEST_F(AuditTest, finds_nothing_wrong_with_what_was_written) {
  const auto report = audit_datasource(*database_, "prospects");
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->rows, 599u);
  EXPECT_EQ(report->segments, 3u);
  EXPECT_EQ(report->index_entries, 4u * 599u);
}

TEST_F(AuditTest, sees_an_index_entry_that_is_missing) {
  break_file([](auto& txn) {
    ASSERT_TRUE(storage::remove_posting(txn, status_index(txn), text_key("active"), 8).value());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("index status: lacks the entry of record \"r8\"")));
}

TEST_F(AuditTest, sees_an_index_entry_under_a_value_that_its_record_had_before) {
  break_file([](auto& txn) {
    ASSERT_TRUE(storage::add_posting(txn, status_index(txn), text_key("active"), 6).has_value());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("index status: docid 6 has an entry that is not its value's")));
}

TEST_F(AuditTest, sees_an_index_entry_of_a_deleted_record) {
  break_file([](auto& txn) {
    ASSERT_TRUE(storage::add_posting(txn, status_index(txn), text_key("rejected"), 5).has_value());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("index status: an entry points at docid 5")));
}

TEST_F(AuditTest, sees_two_records_of_one_id) {
  break_file([](auto& txn) {
    // The entry of docid 1 goes to the id of docid 0, as if both were "r0".
    const auto ids = table(txn, "index/0", storage::TableKind::kPostings);
    ASSERT_TRUE(storage::remove_posting(txn, ids, text_key("r1"), 1).value());
    ASSERT_TRUE(storage::add_posting(txn, ids, text_key("r0"), 1).has_value());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("index _id: lacks the entry of record \"r1\"")));
  EXPECT_THAT(problems(), Contains(HasSubstr("index _id: docid 1 has an entry that is not its value's")));
}

TEST_F(AuditTest, sees_a_segment_that_went_missing_and_one_that_is_damaged) {
  break_file([](auto& txn) {
    const auto segments = table(txn, "segments", storage::TableKind::kNumbers);
    ASSERT_TRUE(txn.remove(segments, std::uint64_t{255}).value());
    std::string block(txn.get(segments, std::uint64_t{511}).value().value());
    block[block.size() / 2] ^= 0x10;
    ASSERT_TRUE(txn.put(segments, std::uint64_t{511}, block).has_value());
  });
  const auto report = audit_datasource(*database_, "prospects");
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->problems, Contains(HasSubstr("segment 511: block: checksum")));
  EXPECT_THAT(report->problems, Contains(HasSubstr("says it has 599 rows, 88 are there")));
  EXPECT_THAT(report->problems, Contains(HasSubstr("an entry points at docid 0,")));
  EXPECT_EQ(report->problems.size(), 100u);
  EXPECT_GT(report->problem_count, 1000u);
}

TEST_F(AuditTest, of_a_datasource_that_is_not_there_is_not_found) {
  EXPECT_EQ(audit_datasource(*database_, "nothing").error().reason(), Reason::kNotFound);
}

}  // namespace
}  // namespace slate
