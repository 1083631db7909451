#include "cli/db_options.h"

#include <gtest/gtest.h>

namespace slate::cli {
namespace {

TEST(DbOptions, beyond_loopback_needs_a_token_file) {
  DbOptions options;
  EXPECT_TRUE(checked_address(options).has_value());
  options.listen = "0.0.0.0:9600";
  EXPECT_EQ(checked_address(options).error().field(), "--listen");
  options.token_file = "tokens";
  EXPECT_EQ(checked_address(options)->port, 9600);
}

TEST(DbOptions, no_request_is_larger_than_64_mib) {
  DbOptions options;
  options.max_write_bytes = (std::uint64_t{64} << 20) + 1;
  EXPECT_EQ(checked_address(options).error().field(), "--max-write-size");
}

}  // namespace
}  // namespace slate::cli
