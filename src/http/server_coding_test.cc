// Bodies that are compressed on their way, in both directions.
#include <functional>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "http/gzip.h"
#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using ::testing::HasSubstr;

std::string decode(std::string_view compressed) {
  auto text = gunzip(compressed, std::uint64_t{1} << 30, [](std::size_t) { return Result<void>(); });
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}
std::string rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "{\"_id\":\"" + std::to_string(i) + "\",\"status\":\"active\"}\n";
  return text;
}

class FunctionStream final : public BodyStream {
 public:
  explicit FunctionStream(std::function<Result<bool>(std::string&)> make) : make_(std::move(make)) {}
  Result<bool> next(std::string& chunk) override { return make_(chunk); }

 private:
  std::function<Result<bool>(std::string&)> make_;
};

class ServerCoding : public ServerTest {
 protected:
  ServerCoding() {
    router_.add(Method::kPost, "/echo", [](Request request, Respond respond) {
      EXPECT_FALSE(request.headers.has("Content-Encoding"));
      Response answer{.headers = {{"Content-Type", "application/octet-stream"}},
                      .body = std::move(request.body)};
      respond(std::move(answer));
    });
    router_.add(Method::kGet, "/rows", [](Request, Respond respond) {
      Response answer = Response::json(200, rows(1000));
      answer.headers.set("ETag", "\"v1\"");
      respond(std::move(answer));
    });
    router_.add(Method::kGet, "/tiny", [](Request, Respond respond) { respond(Response::json(200, "{}")); });
    router_.add(Method::kGet, "/stream", [](Request, Respond respond) {
      respond(
          {.headers = {{"Content-Type", "application/x-ndjson"}},
           .stream = std::make_unique<FunctionStream>([at = 0](std::string& chunk) mutable -> Result<bool> {
             if (at % 3 != 2) chunk = rows(1000);
             return ++at < 20;
           })});
    });
    router_.add(Method::kGet, "/breaks", [](Request request, Respond respond) {
      const bool at_once = request.query_value("at_once").has_value();
      respond({.headers = {{"Content-Type", "application/x-ndjson"}},
               .stream = std::make_unique<FunctionStream>(
                   [at_once, at = 0](std::string& chunk) mutable -> Result<bool> {
                     if (at_once || at++ > 0) return fail(Reason::kCorrupt, "expected in this test");
                     chunk = rows(1000);
                     return true;
                   })});
    });
  }
  static std::string expected_stream() {
    std::string text;
    for (int at = 0; at < 20; ++at)
      if (at % 3 != 2) text += rows(1000);
    return text;
  }
};

TEST_F(ServerCoding, answer_is_compressed_for_those_who_ask) {
  start();
  const auto plain = ask("GET", "/rows");
  EXPECT_FALSE(plain.has("Content-Encoding"));
  EXPECT_TRUE(plain.has("Vary: Accept-Encoding\r\n"));
  EXPECT_EQ(plain.body, rows(1000));
  const auto packed = ask("GET", "/rows", "Accept-Encoding: br, gzip;q=0.8\r\n");
  EXPECT_TRUE(packed.has("Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(packed.has("Vary: Accept-Encoding\r\n"));
  EXPECT_TRUE(packed.has("ETag: W/\"v1\"\r\n"));
  EXPECT_LT(packed.body.size(), plain.body.size() / 5);
  EXPECT_EQ(decode(packed.body), plain.body);
  EXPECT_FALSE(ask("GET", "/rows", "Accept-Encoding: gzip;q=0\r\n").has("Content-Encoding"));
  EXPECT_FALSE(ask("GET", "/tiny", "Accept-Encoding: gzip\r\n").has("Content-Encoding"));
}

TEST_F(ServerCoding, head_tells_what_get_would_give) {
  start();
  const auto get = ask("GET", "/rows", "Accept-Encoding: gzip\r\n");
  const auto head = ask("HEAD", "/rows", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(head.has("Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(head.has("Content-Length: " + std::to_string(get.body.size()) + "\r\n"));
  EXPECT_EQ(head.body, "");
}

TEST_F(ServerCoding, stream_is_compressed_too) {
  start();
  const auto packed = ask("GET", "/stream", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(packed.has("Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(packed.has("Transfer-Encoding: chunked\r\n"));
  EXPECT_TRUE(decode(packed.body) == expected_stream());
  EXPECT_TRUE(ask("GET", "/stream").body == expected_stream());
  auto old = connect();
  old.send("GET /stream HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_TRUE(decode(old.read_response().body) == expected_stream());
}

TEST_F(ServerCoding, stream_that_breaks_off_cannot_be_taken_for_a_whole_one) {
  start();
  auto socket = connect();
  socket.send("GET /breaks HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  const auto text = socket.read_until_close();
  EXPECT_THAT(text, HasSubstr("Content-Encoding: gzip"));
  EXPECT_FALSE(text.ends_with("0\r\n\r\n"));
  const auto problem = ask("GET", "/breaks?at_once", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(problem.status, 500);
  EXPECT_FALSE(problem.has("Content-Encoding"));
  EXPECT_THAT(problem.body, HasSubstr("corrupt"));
}

TEST_F(ServerCoding, compressed_request_reaches_its_handler_as_it_was_meant) {
  start();
  const std::string text = rows(20'000);
  for (const char* coding : {"gzip", "x-gzip", "GZIP"})
    EXPECT_TRUE(
        ask("POST", "/echo", "Content-Encoding: " + std::string(coding) + "\r\n", gzip(text).value()).body ==
        text);
  EXPECT_EQ(ask("POST", "/echo", "Content-Encoding: identity\r\n", "as it is").body, "as it is");
  EXPECT_EQ(
      ask("POST", "/echo", "Content-Encoding: gzip\r\n", gzip("one ").value() + gzip("two").value()).body,
      "one two");
}

TEST_F(ServerCoding, unknown_coding_is_415_and_says_what_would_work) {
  start();
  const auto refused = ask("POST", "/echo", "Content-Encoding: br\r\n", "x");
  EXPECT_EQ(refused.status, 415);
  EXPECT_TRUE(refused.has("Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(refused.body, HasSubstr("unsupported_media_type"));
  EXPECT_EQ(ask("POST", "/echo", "Content-Encoding: gzip, gzip\r\n", "x").status, 415);
}

TEST_F(ServerCoding, damaged_body_is_400) {
  start();
  EXPECT_EQ(ask("POST", "/echo", "Content-Encoding: gzip\r\n", "no gzip").status, 400);
  const std::string good = gzip(rows(100)).value();
  const auto cut = ask("POST", "/echo", "Content-Encoding: gzip\r\n", good.substr(0, good.size() - 4));
  EXPECT_EQ(cut.status, 400);
  EXPECT_THAT(cut.body, HasSubstr("cut short"));
}

TEST_F(ServerCoding, decompression_bomb_is_413) {
  ServerOptions options;
  options.body_bytes = 1'000'000;
  start(std::move(options));
  EXPECT_EQ(
      ask("POST", "/echo", "Content-Encoding: gzip\r\n", gzip(std::string(1'000'000, 'x')).value()).status,
      200);
  const std::string bomb = gzip(std::string(100'000'000, '\0')).value();
  ASSERT_LT(bomb.size(), 1'000'000u);
  const auto refused = ask("POST", "/echo", "Content-Encoding: gzip\r\n", bomb);
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("payload_too_large"));
}

TEST_F(ServerCoding, decoded_bodies_of_all_connections_together_are_limited) {
  std::promise<Respond> held;
  router_.add(Method::kPost, "/hold", [&](Request, Respond respond) { held.set_value(std::move(respond)); });
  ServerOptions options;
  options.total_body_bytes = 1'000'000;
  start(std::move(options));
  const std::string body = gzip(std::string(600'000, 'x')).value();
  auto holder = connect();
  holder.send("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  auto respond = held.get_future().get();
  EXPECT_EQ(ask("POST", "/echo", "Content-Encoding: gzip\r\n", body).status, 503);
  respond(Response::empty(204));
  EXPECT_EQ(holder.read_response().status, 204);
  // The room comes back once the server is done with the holder, which is just after its answer.
  while (ask("POST", "/echo", "Content-Encoding: gzip\r\n", body).status != 200) {
  }
}

}  // namespace
}  // namespace slate::http::testing
