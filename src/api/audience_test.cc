#include "api/audience.h"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace slate::api {
namespace {

constexpr std::string_view kNothingMore = "the server's log says why";

TEST(Audience, readers_learn_the_reason_alone_of_what_failed_behind_the_api) {
  for (const Reason reason :
       {Reason::kUnavailable, Reason::kCorrupt, Reason::kUnsupportedFormat, Reason::kIo, Reason::kInternal}) {
    const Error left = for_readers(
        Error(reason, "opening 7.mdb at 10.0.0.7").with_hint("look at /var/lib/slate").with_retry_after(3));
    EXPECT_EQ(left.reason(), reason);
    EXPECT_EQ(left.message(), kNothingMore);
    EXPECT_FALSE(left.hint());
    EXPECT_EQ(left.retry_after_seconds(), 3);
  }
}

TEST(Audience, readers_learn_what_a_loader_says_and_not_what_its_owner_may_do) {
  for (const Reason reason : {Reason::kLoaderFailed, Reason::kLoaderTimeout, Reason::kLoaderUnavailable}) {
    const Error left =
        for_readers(Error(reason, "closed for lunch").with_hint("gRPC says: 10.0.0.7").with_retry_after(60));
    EXPECT_EQ(left.reason(), reason);
    EXPECT_EQ(left.message(), "closed for lunch");
    EXPECT_FALSE(left.hint());
    EXPECT_EQ(left.retry_after_seconds(), 60);
  }
}

TEST(Audience, readers_learn_everything_of_what_is_wrong_with_their_request) {
  const Error left = for_readers(
      Error(Reason::kInvalidArgument, "no such field").with_field("contry").with_hint("country?"));
  EXPECT_EQ(left.message(), "no such field");
  EXPECT_EQ(left.field(), "contry");
  EXPECT_EQ(left.hint(), "country?");
}

class FailingStream final : public http::BodyStream {
 public:
  Result<bool> next(std::string&) override { return fail(Reason::kIo, "reading 7.mdb"); }
};

TEST(Audience, a_stream_that_fails_tells_readers_no_more) {
  std::optional<http::Response> answer;
  auto respond =
      answering_readers([&](http::Response response) { answer.emplace(std::move(response)); }, "r1");
  respond({.stream = std::make_unique<FailingStream>()});
  ASSERT_TRUE(answer && answer->stream);
  std::string chunk;
  const auto more = answer->stream->next(chunk);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().reason(), Reason::kIo);
  EXPECT_EQ(more.error().message(), kNothingMore);
}

}  // namespace
}  // namespace slate::api
