#include "cli/listen_address.h"

#include <gtest/gtest.h>
#include <string>

namespace slate::cli {
namespace {

TEST(ListenAddress, reads_what_people_write) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:8080"), (ListenAddress{"127.0.0.1", 8080, true}));
  EXPECT_EQ(parse_listen_address("localhost:0"), (ListenAddress{"127.0.0.1", 0, true}));
  EXPECT_EQ(parse_listen_address("[::1]:65535"), (ListenAddress{"::1", 65535, true}));
  EXPECT_EQ(parse_listen_address(":80"), (ListenAddress{"0.0.0.0", 80, false}));
  EXPECT_EQ(parse_listen_address("10.1.2.3:80"), (ListenAddress{"10.1.2.3", 80, false}));
  EXPECT_EQ(parse_listen_address("[::]:80"), (ListenAddress{"::", 80, false}));
}

TEST(ListenAddress, every_form_of_loopback_is_loopback_and_nothing_else_is) {
  EXPECT_TRUE(parse_listen_address("127.9.9.9:1")->is_loopback);
  EXPECT_TRUE(parse_listen_address("[::ffff:127.0.0.1]:1")->is_loopback);
  EXPECT_FALSE(parse_listen_address("[::ffff:10.0.0.1]:1")->is_loopback);
  EXPECT_FALSE(parse_listen_address("128.0.0.1:1")->is_loopback);
  EXPECT_FALSE(parse_listen_address("0.0.0.0:1")->is_loopback);
}

TEST(ListenAddress, refuses_everything_else) {
  for (const std::string text :
       {"", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "127.0.0.1: 80", "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "example.com:80", "127.1:80",
        "[]:80", "300.0.0.1:80"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().reason(), Reason::kInvalidArgument) << text;
    EXPECT_TRUE(address.error().hint()) << text;
  }
}

TEST(ListenAddress, comes_out_as_it_went_in) {
  for (const std::string text : {"127.0.0.1:8080", "[::1]:1"})
    EXPECT_EQ(parse_listen_address(text)->to_string(), text);
}

}  // namespace
}  // namespace slate::cli
