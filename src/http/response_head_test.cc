#include "http/response_head.h"

#include <gtest/gtest.h>

namespace slate::http {
namespace {

constexpr UnixMillis kTime = 784111777'123;  // the example date of RFC 9110

std::string render(ResponseHead head) {
  head.now = kTime;
  head.request_id = "r1";
  std::string out;
  append_head(out, head);
  return out;
}

TEST(ResponseHead, date_is_the_format_of_the_standard) {
  EXPECT_EQ(http_date(kTime), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseHead, has_status_line_fields_length_date_and_request_id) {
  const Headers headers{{"Content-Type", "text/plain"}};
  EXPECT_EQ(render({.headers = headers, .length = 12}),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nContent-Length: 12\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Request-Id: r1\r\n\r\n");
}

TEST(ResponseHead, framing_decides_between_length_chunks_and_neither) {
  const Headers none;
  EXPECT_NE(render({.headers = none, .framing = Framing::kChunked}).find("Transfer-Encoding: chunked\r\n"),
            std::string::npos);
  for (const auto framing : {Framing::kClose, Framing::kNone}) {
    const auto text = render({.headers = none, .framing = framing});
    EXPECT_EQ(text.find("Content-Length"), std::string::npos);
    EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
  }
}

TEST(ResponseHead, connection_is_said_where_it_differs_from_the_version) {
  const Headers none;
  EXPECT_EQ(render({.headers = none}).find("Connection"), std::string::npos);
  EXPECT_NE(render({.headers = none, .after = AfterResponse::kClose}).find("Connection: close\r\n"),
            std::string::npos);
  EXPECT_NE(render({.headers = none, .version = 10}).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(ResponseHead, fields_that_would_break_out_of_their_line_are_left_out) {
  const Headers hostile{
      {"A", "b\r\nSet-Cookie: x"}, {"B\r\nC", "d"}, {"", "e"}, {"F", std::string("g\0h", 3)}};
  const auto text = render({.headers = hostile});
  EXPECT_EQ(text.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(text.find("\r\nC"), text.find("\r\nCache-Control"));
  EXPECT_EQ(text.find("F:"), std::string::npos);
}

TEST(ResponseHead, framing_cannot_be_overruled_by_a_handler) {
  const Headers hostile{{"content-length", "1"}, {"Transfer-Encoding", "x"}, {"Connection", "y"}};
  const auto text = render({.headers = hostile, .length = 5});
  EXPECT_EQ(text.find("content-length"), std::string::npos);
  EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(text.find("Connection"), std::string::npos);
}

TEST(ResponseHead, nothing_is_kept_unless_the_handler_says_so) {
  const Headers none;
  EXPECT_NE(render({.status = 404, .headers = none}).find("Cache-Control: no-store\r\n"), std::string::npos);
  const Headers kept{{"cache-control", "private, no-cache"}};
  const auto text = render({.headers = kept});
  EXPECT_NE(text.find("cache-control: private, no-cache\r\n"), std::string::npos);
  EXPECT_EQ(text.find("no-store"), std::string::npos);
}

TEST(ResponseHead, status_without_a_registered_phrase_has_one) {
  const Headers none;
  EXPECT_TRUE(render({.status = 499, .headers = none}).starts_with("HTTP/1.1 499 Client Closed Request\r\n"));
}

}  // namespace
}  // namespace slate::http
