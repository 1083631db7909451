#include "http/request_parser.h"

#include <gtest/gtest.h>
#include <vector>

namespace slate::http {
namespace {

using Step = RequestParser::Step;
using Phase = RequestParser::Phase;

struct Parsed {
  std::string method;
  std::string target;
  std::string body;
};

// Feeds the bytes in pieces of one size and collects the requests, up to the first error.
Result<std::vector<Parsed>> parse(std::string_view bytes, std::size_t piece = 1u << 20,
                                  ParserLimits limits = {}) {
  RequestParser parser(limits);
  std::vector<Parsed> requests;
  for (;;) {
    const auto step = parser.advance();
    if (!step) return Failure(step.error());
    if (*step == Step::kRequest) {
      requests.push_back({parser.head().method, parser.head().target, parser.take_body()});
      parser.next_request();
    } else if (*step == Step::kNeedMore) {
      if (bytes.empty()) return requests;
      parser.feed(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
}
Reason refusal(std::string_view bytes, ParserLimits limits = {}) {
  const auto parsed = parse(bytes, 1u << 20, limits);
  EXPECT_FALSE(parsed) << bytes;
  return parsed ? Reason::kInternal : parsed.error().reason();
}

constexpr std::string_view kThree =
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n";

TEST(RequestParser, finds_the_same_requests_however_the_bytes_are_cut) {
  for (std::size_t piece = 1; piece <= kThree.size(); ++piece) {
    const auto parsed = parse(kThree, piece);
    ASSERT_TRUE(parsed) << piece << ": " << parsed.error().to_string();
    ASSERT_EQ(parsed->size(), 3u) << piece;
    EXPECT_EQ((*parsed)[0].target, "/a");
    EXPECT_EQ((*parsed)[1].body, "hello");
    EXPECT_EQ((*parsed)[2].method, "PUT");
    EXPECT_EQ((*parsed)[2].body, "abcde");
  }
}

TEST(RequestParser, last_chunk_may_come_byte_by_byte) {
  const std::string head = "PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"0\r\n\r\n", "0\r\nT: t\r\n\r\n", "000\r\n\r\n", "1\r\na\r\n0\r\n\r\n"}) {
    const auto parsed = parse(head + body, 1);
    ASSERT_TRUE(parsed) << body;
    EXPECT_EQ(parsed->size(), 1u) << body;
  }
}

TEST(RequestParser, trailers_do_not_become_headers) {
  RequestParser parser({});
  parser.feed("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: t\r\n\r\n");
  ASSERT_EQ(parser.advance().value(), Step::kHead);
  ASSERT_EQ(parser.advance().value(), Step::kRequest);
  EXPECT_FALSE(parser.head().headers.has("Authorization"));
}

TEST(RequestParser, phase_tells_how_far_the_request_is) {
  RequestParser parser({});
  EXPECT_EQ(parser.phase(), Phase::kIdle);
  parser.feed("POST / HTTP/1.1\r\n");
  ASSERT_EQ(parser.advance().value(), Step::kNeedMore);
  EXPECT_EQ(parser.phase(), Phase::kHeader);
  parser.feed("Host: x\r\nContent-Length: 2\r\n\r\n1");
  ASSERT_EQ(parser.advance().value(), Step::kHead);
  ASSERT_EQ(parser.advance().value(), Step::kNeedMore);
  EXPECT_EQ(parser.phase(), Phase::kBody);
  parser.feed("2");
  ASSERT_EQ(parser.advance().value(), Step::kRequest);
  EXPECT_EQ(parser.phase(), Phase::kDone);
  parser.next_request();
  EXPECT_EQ(parser.phase(), Phase::kIdle);
}

TEST(RequestParser, empty_lines_before_a_request_are_skipped) {
  EXPECT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n", 1)->size(), 1u);
}

TEST(RequestParser, connection_wishes_follow_the_version) {
  const auto after = [](std::string_view bytes) {
    RequestParser parser({});
    parser.feed(bytes);
    EXPECT_TRUE(parser.advance());
    return parser.head().after;
  };
  EXPECT_EQ(after("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), AfterResponse::kKeepAlive);
  EXPECT_EQ(after("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), AfterResponse::kClose);
  EXPECT_EQ(after("GET / HTTP/1.0\r\n\r\n"), AfterResponse::kClose);
  EXPECT_EQ(after("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), AfterResponse::kKeepAlive);
}

TEST(RequestParser, header_up_to_the_limit_is_taken_and_one_byte_more_is_not) {
  const std::string frame = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
  const std::string end = "\r\n\r\n";
  const ParserLimits limits{.header_bytes = 1000};
  const std::string fits(1000 - frame.size() - end.size(), 'a');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{5000}}) {
    EXPECT_TRUE(parse(frame + fits + end, piece, limits)) << piece;
    const auto refused = parse(frame + fits + "a" + end, piece, limits);
    ASSERT_FALSE(refused) << piece;
    EXPECT_EQ(refused.error().reason(), Reason::kHeaderTooLarge);
  }
}

TEST(RequestParser, endless_header_fields_are_too_large_whatever_their_pace) {
  RequestParser parser({.header_bytes = 4096});
  parser.feed("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 1000; ++i) {
    parser.feed("a: b\r\n");
    const auto step = parser.advance();
    if (!step) {
      EXPECT_EQ(step.error().reason(), Reason::kHeaderTooLarge);
      return;
    }
  }
  FAIL() << "6,000 bytes of header passed a limit of 4,096";
}

TEST(RequestParser, body_beyond_the_limit_is_told_from_a_long_header_when_both_come_at_once) {
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x'),
                    {.header_bytes = 512, .body_bytes = 256}),
            Reason::kPayloadTooLarge);
}

TEST(RequestParser, body_beyond_the_limit_is_refused_by_its_length_before_it_comes) {
  const ParserLimits limits{.body_bytes = 4};
  EXPECT_TRUE(parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd", 1, limits));
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", limits),
            Reason::kPayloadTooLarge);
}

TEST(RequestParser, chunks_beyond_the_limit_are_refused_together) {
  const ParserLimits limits{.body_bytes = 4};
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(parse(head + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", 1, limits));
  EXPECT_EQ(refusal(head + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", limits), Reason::kPayloadTooLarge);
  EXPECT_EQ(refusal(head + "ffffffffffffffff\r\n", limits), Reason::kPayloadTooLarge);
}

TEST(RequestParser, endless_chunk_extension_is_refused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;";
  EXPECT_EQ(refusal(head + std::string(100'000, 'x')), Reason::kInvalidArgument);
}

TEST(RequestParser, other_transfer_codings_are_not_offered) {
  for (const char* coding : {"gzip", "gzip, chunked", "identity"})
    EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n"),
              Reason::kUnimplemented)
        << coding;
}

class RefusedRequest : public ::testing::TestWithParam<std::string> {};

TEST_P(RefusedRequest, is_an_invalid_argument) { EXPECT_EQ(refusal(GetParam()), Reason::kInvalidArgument); }

INSTANTIATE_TEST_SUITE_P(
    Malformed, RefusedRequest,
    ::testing::Values("nonsense\r\n\r\n", std::string("\0\0\0\0\0\0\0\0", 8),
                      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
                      "GET / HTTP/0.9\r\n\r\n", "GET / FTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
                      "G\x01T / HTTP/1.1\r\n\r\n", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                      "GET / HTTP/1.1\r\n: x\r\n\r\n",
                      std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29)));
INSTANTIATE_TEST_SUITE_P(
    AmbiguousFraming, RefusedRequest,
    ::testing::Values(
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"));

}  // namespace
}  // namespace slate::http
