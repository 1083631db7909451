#include "lists/forwarded_headers.h"

#include <gmock/gmock.h>

namespace slate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Headers = std::vector<std::pair<std::string, std::string>>;

LoadMetadata forwarded(std::vector<std::string> wanted, const Headers& headers) {
  return forwarded_headers({.forward_headers = std::move(wanted)}, headers);
}

TEST(ForwardedHeaders, names_compare_without_case_and_are_sent_as_configured) {
  EXPECT_THAT(forwarded({"Authorization"}, {{"aUTHORIZATION", "Bearer x"}}),
              ElementsAre(Pair("Authorization", "Bearer x")));
}

TEST(ForwardedHeaders, nothing_else_of_the_request_is_sent) {
  EXPECT_THAT(forwarded({"X-Token"}, {{"X-Token2", "a"}, {"X-Toke", "b"}, {"Cookie", "c"}}), IsEmpty());
  EXPECT_THAT(forwarded({}, {{"Authorization", "a"}}), IsEmpty());
}

TEST(ForwardedHeaders, header_that_came_twice_is_joined_and_an_empty_one_is_sent) {
  EXPECT_THAT(forwarded({"X-A", "X-B"}, {{"x-a", "1"}, {"X-B", ""}, {"X-A", "2"}}),
              ElementsAre(Pair("X-A", "1, 2"), Pair("X-B", "")));
}

}  // namespace
}  // namespace slate
