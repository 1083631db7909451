#include "exec/scan_helpers.h"

#include <gtest/gtest.h>
#include <latch>
#include <semaphore>

namespace slate {
namespace {

TEST(ScanHelpers, help_only_while_fewer_queries_and_helpers_run_than_there_are_cores) {
  std::counting_semaphore done(0);
  std::binary_semaphore go_on(0);
  ScanHelpers helpers(8, 3);
  const ScanHelpers::Query first(&helpers);
  ASSERT_TRUE(helpers.offer([&] {
    go_on.acquire();
    done.release();
  }));
  {
    const ScanHelpers::Query second(&helpers);
    EXPECT_TRUE(helpers.may_go_on());
    EXPECT_FALSE(helpers.offer([] { FAIL() << "no core is idle"; }));
    const ScanHelpers::Query third(&helpers);
    EXPECT_FALSE(helpers.may_go_on()) << "a query has no core of its own";
  }
  EXPECT_TRUE(helpers.may_go_on());
  EXPECT_TRUE(helpers.offer([&] { done.release(); }));
  go_on.release();
  done.acquire();
  done.acquire();
}

TEST(ScanHelpers, are_no_more_than_they_may_be) {
  ScanHelpers none(0, 64);
  EXPECT_FALSE(none.offer([] { FAIL() << "there are no helpers"; }));
  std::binary_semaphore go_on(0);
  ScanHelpers one(1, 64);
  ASSERT_TRUE(one.offer([&] { go_on.acquire(); }));
  EXPECT_FALSE(one.offer([] { FAIL() << "the only one is at work"; }));
  go_on.release();
}

TEST(ScanHelpers, finish_their_work_before_they_go) {
  std::latch begun(2);
  std::atomic<int> finished = 0;
  {
    ScanHelpers helpers(2, 2);
    for (int i = 0; i < 2; ++i)
      ASSERT_TRUE(helpers.offer([&] {
        begun.arrive_and_wait();
        ++finished;
      }));
  }
  EXPECT_EQ(finished, 2);
}

}  // namespace
}  // namespace slate
