#include "client/address.h"

#include <gtest/gtest.h>

namespace slate::client {
namespace {

TEST(Address, is_a_host_and_a_port) {
  EXPECT_EQ(*parse_address("db:9700"), (Address{.host = "db", .port = 9700}));
  EXPECT_EQ(*parse_address("db"), (Address{.host = "db", .port = 9600}));
  EXPECT_EQ(*parse_address("[::1]:9700"), (Address{.host = "::1", .port = 9700}));
  EXPECT_EQ(*parse_address("[::1]"), (Address{.host = "::1", .port = 9600}));
  EXPECT_EQ(parse_address("[::1]:9700")->to_string(), "[::1]:9700");
  EXPECT_EQ(parse_address("10.0.0.1:1")->to_string(), "10.0.0.1:1");
}

TEST(Address, of_another_form_is_refused) {
  for (const char* text :
       {"", ":9600", "db:", "db:0", "db:65536", "db:9600x", "::1", "[::1", "[::1]9600", "a b"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().reason(), Reason::kInvalidArgument);
  }
}

TEST(Address, several_stand_between_commas) {
  const auto addresses = parse_addresses("db-0:1, db-1:2");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(*addresses, (std::vector<Address>{{.host = "db-0", .port = 1}, {.host = "db-1", .port = 2}}));
  EXPECT_FALSE(parse_addresses("db-0,"));
  EXPECT_FALSE(parse_addresses(""));
}

}  // namespace
}  // namespace slate::client
