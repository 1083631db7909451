#include "db/conflicts.h"

#include <gtest/gtest.h>
#include <vector>

namespace slate {
namespace {

using Ids = std::vector<std::string_view>;

TEST(Conflicts, a_change_is_seen_by_transactions_that_began_before_it_only) {
  Conflicts conflicts;
  const auto first = conflicts.begin();
  conflicts.record(Ids{"a"});
  const auto second = conflicts.begin();
  EXPECT_TRUE(conflicts.changed("a", first));
  EXPECT_FALSE(conflicts.changed("a", second));
  EXPECT_FALSE(conflicts.changed("b", first));
  conflicts.record(Ids{"b"});
  EXPECT_TRUE(conflicts.changed("b", first));
  EXPECT_TRUE(conflicts.changed("b", second));
}

TEST(Conflicts, what_an_open_transaction_may_ask_for_is_remembered_when_others_end) {
  Conflicts conflicts;
  const auto first = conflicts.begin();
  conflicts.record(Ids{"a", "b", "a"});
  const auto second = conflicts.begin();
  conflicts.record(Ids{"b", "c"});
  const auto third = conflicts.begin();
  conflicts.record(Ids{"c"});
  conflicts.end(first);
  EXPECT_FALSE(conflicts.changed("a", second));
  EXPECT_TRUE(conflicts.changed("b", second));
  EXPECT_TRUE(conflicts.changed("c", second));
  EXPECT_FALSE(conflicts.changed("b", third));
  EXPECT_TRUE(conflicts.changed("c", third));
  conflicts.end(second);
  EXPECT_TRUE(conflicts.changed("c", third));
  conflicts.end(third);
  const auto fourth = conflicts.begin();
  EXPECT_FALSE(conflicts.changed("c", fourth));
}

TEST(Conflicts, a_change_of_everything_is_a_change_of_each_record) {
  Conflicts conflicts;
  const auto before = conflicts.begin();
  conflicts.record_all();
  const auto after = conflicts.begin();
  EXPECT_TRUE(conflicts.changed("any", before));
  EXPECT_FALSE(conflicts.changed("any", after));
}

}  // namespace
}  // namespace slate
