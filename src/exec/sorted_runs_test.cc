#include "exec/sorted_runs.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <unistd.h>

#include "exec/testing/fake_interrupt.h"

namespace slate {
namespace {

class SortedRunsTest : public testing::Test {
 protected:
  SortedRunsTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("slate_runs_" + std::to_string(::getpid()) + "_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~SortedRunsTest() override { std::filesystem::remove_all(folder_); }

  SortRoom room(std::uint64_t memory_bytes) {
    return {.spill_prefix = folder_ / "sort",
            .memory_bytes = memory_bytes,
            .interrupt = &interrupt_,
            .counters = &counters_};
  }
  static Result<void> add_random(SortedRuns& runs, DocId count) {
    std::mt19937 random(11);
    for (DocId docid = 0; docid < count; ++docid)
      SLATE_TRY(runs.add(
          std::string(random() % 3 * 20, 'k') + std::to_string(random() % 500) + std::string("\0\x01", 2),
          count - docid));
    return {};
  }
  static std::vector<std::pair<std::string, DocId>> read(SortedRuns& runs) {
    std::vector<std::pair<std::string, DocId>> all;
    EXPECT_TRUE(runs.start_reading().has_value());
    for (auto entry = runs.next(); entry && *entry; entry = runs.next())
      all.emplace_back((*entry)->key, (*entry)->docid);
    return all;
  }

  std::filesystem::path folder_;
  FakeInterrupt interrupt_;
  QueryCounters counters_;
};

TEST_F(SortedRunsTest, give_the_same_order_whatever_the_memory) {
  std::vector<std::pair<std::string, DocId>> expected;
  for (const std::uint64_t memory :
       {std::uint64_t{64} << 20, std::uint64_t{256} << 10, std::uint64_t{1} << 10, std::uint64_t{0}}) {
    counters_ = {};
    SortedRuns runs(room(memory));
    ASSERT_TRUE(add_random(runs, 3000).has_value());
    const auto got = read(runs);
    EXPECT_EQ(counters_.runs_spilled, runs.runs());
    if (expected.empty()) {
      EXPECT_EQ(runs.runs(), 0u);
      expected = got;
      ASSERT_EQ(expected.size(), 3000u);
      ASSERT_TRUE(std::ranges::is_sorted(expected));
    }
    EXPECT_EQ(got, expected) << memory;
    // Every row is a run of its own where there is no memory: they are merged eight at a time.
    if (memory == 0) {
      EXPECT_GT(runs.runs(), 3400u);
    }
  }
}

TEST_F(SortedRunsTest, their_file_has_no_name) {
  SortedRuns runs(room(1 << 10));
  ASSERT_TRUE(add_random(runs, 1000).has_value());
  EXPECT_GT(runs.runs(), 10u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SortedRunsTest, start_anew_once_cleared) {
  SortedRuns runs(room(4 << 10));
  ASSERT_TRUE(add_random(runs, 1000).has_value());
  const auto once = read(runs);
  runs.clear();
  ASSERT_TRUE(add_random(runs, 1000).has_value());
  EXPECT_EQ(read(runs), once);
  EXPECT_EQ(once.size(), 1000u);
}

TEST_F(SortedRunsTest, docids_come_in_the_pieces_asked_for) {
  for (const std::uint64_t memory : {std::uint64_t{1} << 10, std::uint64_t{64} << 20}) {
    SortedRuns runs(room(memory));
    for (DocId docid = 0; docid < 250; ++docid)
      ASSERT_TRUE(runs.add(std::string(1, static_cast<char>(250 - docid)), docid).has_value());
    ASSERT_TRUE(runs.start_reading().has_value());
    std::vector<DocId> piece;
    ASSERT_TRUE(runs.next_docids(100, piece).has_value());
    EXPECT_EQ(piece.size(), 100u);
    EXPECT_EQ(piece.front(), 249u);
    ASSERT_TRUE(runs.next_docids(UINT64_MAX, piece).has_value());
    EXPECT_EQ(piece.size(), 150u);
    EXPECT_EQ(piece.back(), 0u);
    ASSERT_TRUE(runs.next_docids(100, piece).has_value());
    EXPECT_TRUE(piece.empty());
  }
}

TEST_F(SortedRunsTest, a_folder_that_is_not_there_is_an_io_error) {
  SortRoom nowhere = room(1 << 10);
  nowhere.spill_prefix = folder_ / "missing" / "sort";
  SortedRuns runs(nowhere);
  const auto added = add_random(runs, 1000);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().reason(), Reason::kIo);
}

TEST_F(SortedRunsTest, a_disk_that_takes_no_more_is_an_io_error) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  SortedRuns runs(room(4 << 10));
  const auto added = add_random(runs, 2000);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().reason(), Reason::kIo);
}

TEST_F(SortedRunsTest, sorting_writing_and_merging_ask_at_least_once_in_so_many_rows) {
  constexpr DocId kRows = 6 * Pacer::kRowsBetweenChecks;
  for (const bool docids_fall : {false, true}) {
    const auto add_all = [&](SortedRuns& runs) -> Result<void> {
      std::mt19937 random(7);
      for (DocId docid = 0; docid < kRows; ++docid)
        SLATE_TRY(runs.add(std::to_string(random()) + std::string("\0\x01", 2),
                           docids_fall ? kRows - docid : docid));
      return {};
    };
    const auto drain = [](SortedRuns& runs) -> Result<std::uint64_t> {
      SLATE_TRY(runs.start_reading());
      std::uint64_t rows = 0;
      for (;;) {
        SLATE_TRY(const auto entry, runs.next());
        if (!entry) return rows;
        ++rows;
      }
    };
    for (const std::uint64_t memory : {std::uint64_t{1} << 30, std::uint64_t{4} << 20}) {
      SortedRuns runs(room(memory));
      interrupt_ = FakeInterrupt();
      ASSERT_TRUE(add_all(runs).has_value());
      ASSERT_EQ(drain(runs).value_or(0), kRows);
      const std::uint64_t checks = interrupt_.checks;
      EXPECT_GE(checks, 3 * kRows / Pacer::kRowsBetweenChecks);
      // Whichever check it is that fails, nothing asks again: all ends there.
      for (std::uint64_t last = 0; last < checks; last += std::max<std::uint64_t>(checks / 3, 1)) {
        SortedRuns stopped(room(memory));
        interrupt_ = FakeInterrupt(last);
        const auto added = add_all(stopped);
        const auto drained = added ? drain(stopped) : Result<std::uint64_t>(fail(added.error()));
        ASSERT_FALSE(drained.has_value());
        EXPECT_EQ(drained.error().reason(), Reason::kCancelled);
        EXPECT_EQ(interrupt_.checks, last + 1);
      }
    }
  }
}

}  // namespace
}  // namespace slate
