#include "cli/serve_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

TEST(ServeOptions, listen_beyond_loopback_only_for_lists) {
  ServeOptions options;
  options.listen = "0.0.0.0:8080";
  const auto refused = checked_address(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field(), "--listen");
  EXPECT_THAT(refused.error().hint().value_or(""), ::testing::HasSubstr("--lists-only"));
  options.lists_only = Switch::kOn;
  EXPECT_TRUE(checked_address(options));
}

TEST(ServeOptions, listen_on_loopback_by_default) {
  const auto address = checked_address({});
  ASSERT_TRUE(address);
  EXPECT_EQ(address->to_string(), "127.0.0.1:8080");
}

TEST(ServeOptions, threads_suit_small_and_large_machines) {
  EXPECT_EQ(ServeOptions::for_cores(1).io_threads, 1U);
  EXPECT_EQ(ServeOptions::for_cores(1).pool_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(2).pool_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(64).pool_threads, 8U);
  EXPECT_EQ(ServeOptions::for_cores(64).io_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(0).scan_helpers, 0U);
  EXPECT_EQ(ServeOptions::for_cores(2).scan_helpers, 1U);
  EXPECT_EQ(ServeOptions::for_cores(1000).scan_helpers, 256U);
}

TEST(ServeOptions, durability_is_left_to_datasources_unless_given) {
  EXPECT_EQ(ServeOptions{}.default_durability(), std::nullopt);
  EXPECT_EQ(ServeOptions{.durability = "sync"}.default_durability(), Durability::kSync);
  EXPECT_EQ(ServeOptions{.durability = "os"}.default_durability(), Durability::kOs);
}

}  // namespace
}  // namespace slate::cli
