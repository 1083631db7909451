#include "bench/net/response_meter.h"

#include <gtest/gtest.h>
#include <string>

namespace slate::bench::network {
namespace {

using State = ResponseMeter::State;

State feed(ResponseMeter& meter, std::string_view bytes) { return meter.feed(bytes); }

TEST(ResponseMeter, an_answer_ends_where_its_length_says_however_it_is_cut) {
  const std::string two =
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX: y\r\n\r\nhello"
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  for (std::size_t piece = 1; piece <= two.size(); ++piece) {
    ResponseMeter meter;
    std::vector<int> statuses;
    for (std::size_t at = 0; at < two.size(); at += piece) {
      std::string_view bytes = std::string_view(two).substr(at, piece);
      while (!bytes.empty()) {
        ASSERT_NE(meter.feed(bytes), State::kBroken);
        if (meter.state() != State::kDone) continue;
        statuses.push_back(meter.status());
        EXPECT_EQ(meter.closes(), meter.status() == 503);
        meter.next();
      }
    }
    EXPECT_EQ(statuses, (std::vector<int>{200, 503})) << piece;
  }
}

TEST(ResponseMeter, body_may_go_elsewhere) {
  ResponseMeter meter;
  EXPECT_EQ(feed(meter, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"), State::kBody);
  EXPECT_EQ(meter.missing(), 997u);
  EXPECT_EQ(meter.skip(996), State::kBody);
  EXPECT_EQ(meter.skip(1), State::kDone);
}

TEST(ResponseMeter, not_modified_has_no_body_whatever_it_says) {
  ResponseMeter meter;
  EXPECT_EQ(feed(meter, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"), State::kDone);
  EXPECT_EQ(meter.length(), 0u);
}

TEST(ResponseMeter, what_has_no_end_is_broken) {
  for (const char* head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "SSH-2.0-x\r\n\r\n", "\r\n\r\n",
                           "HTTP/1.1 2x0 OK\r\nContent-Length: 1\r\n\r\n"}) {
    ResponseMeter meter;
    EXPECT_EQ(feed(meter, head), State::kBroken) << head;
  }
  ResponseMeter endless;
  EXPECT_EQ(feed(endless, std::string(100'000, 'x')), State::kBroken);
}

}  // namespace
}  // namespace slate::bench::network
