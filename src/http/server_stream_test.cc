// Answers that are made while they are sent.
#include <atomic>
#include <functional>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// Gives what a function gives, and tells when it is destroyed.
class FunctionStream final : public BodyStream {
 public:
  explicit FunctionStream(
      std::function<Result<bool>(std::string&)> make, std::function<void()> at_end = [] {})
      : make_(std::move(make)), at_end_(std::move(at_end)) {}
  ~FunctionStream() override { at_end_(); }
  Result<bool> next(std::string& chunk) override { return make_(chunk); }

 private:
  std::function<Result<bool>(std::string&)> make_;
  std::function<void()> at_end_;
};

Response streamed(std::unique_ptr<BodyStream> stream) {
  return {.headers = {{"Content-Type", "text/csv"}}, .stream = std::move(stream)};
}

// Counts from 0 in lines, `per_chunk` lines a chunk.
std::unique_ptr<BodyStream> count_to(int end, int per_chunk) {
  return std::make_unique<FunctionStream>(
      [end, per_chunk, at = 0](std::string& chunk) mutable -> Result<bool> {
        for (int i = 0; i < per_chunk && at < end; ++i) chunk += std::to_string(at++) + "\n";
        return at < end;
      });
}
std::string counted_to(int end) {
  std::string text;
  for (int i = 0; i < end; ++i) text += std::to_string(i) + "\n";
  return text;
}

class ServerStream : public ServerTest {
 protected:
  void add(const std::string& path, std::function<std::unique_ptr<BodyStream>(Request&)> make) {
    router_.add(Method::kGet, path,
                [make](Request request, Respond respond) { respond(streamed(make(request))); });
  }
};

TEST_F(ServerStream, chunks_arrive_whole_and_the_connection_goes_on) {
  add("/count", [](Request&) { return count_to(100'000, 1000); });
  start();
  auto socket = connect();
  for (int i = 0; i < 2; ++i) {
    socket.send("GET /count HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = socket.read_response();
    EXPECT_TRUE(answer.has("Transfer-Encoding: chunked\r\n"));
    EXPECT_TRUE(answer.has("Content-Type: text/csv\r\n"));
    EXPECT_EQ(answer.body, counted_to(100'000));
  }
}

TEST_F(ServerStream, stream_of_one_chunk_has_a_length) {
  add("/count", [](Request&) { return count_to(10, 10); });
  start();
  const auto answer = ask("GET", "/count");
  EXPECT_TRUE(answer.has("Content-Length: 20\r\n"));
  EXPECT_EQ(answer.body, counted_to(10));
}

TEST_F(ServerStream, empty_chunks_do_not_end_the_answer) {
  add("/gaps", [](Request&) {
    return std::make_unique<FunctionStream>([n = 0](std::string& chunk) mutable -> Result<bool> {
      if (n % 2 == 1) chunk = std::to_string(n);
      return ++n < 6;
    });
  });
  add("/trailing", [](Request&) {
    return std::make_unique<FunctionStream>([n = 0](std::string& chunk) mutable -> Result<bool> {
      if (n == 0) chunk = "x";
      return ++n < 3;
    });
  });
  start();
  EXPECT_EQ(ask("GET", "/gaps").body, "135");
  EXPECT_EQ(ask("GET", "/trailing").body, "x");
}

TEST_F(ServerStream, http_1_0_gets_the_bytes_up_to_the_close) {
  add("/count", [](Request&) { return count_to(5000, 100); });
  start();
  auto socket = connect();
  socket.send("GET /count HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = socket.read_response();
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  EXPECT_FALSE(answer.has("Transfer-Encoding"));
  EXPECT_EQ(answer.body, counted_to(5000));
}

TEST_F(ServerStream, head_pulls_nothing) {
  add("/count", [](Request&) {
    return std::make_unique<FunctionStream>([](std::string&) -> Result<bool> {
      ADD_FAILURE() << "a chunk was made for HEAD";
      return false;
    });
  });
  start();
  auto socket = connect();
  socket.send("HEAD /count HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = socket.read_response("HEAD");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.has("Content-Length"));
}

TEST_F(ServerStream, error_before_the_first_chunk_is_a_problem) {
  add("/fails", [](Request&) {
    return std::make_unique<FunctionStream>(
        [](std::string&) -> Result<bool> { return fail(Reason::kDeadlineExceeded, "too slow"); });
  });
  add("/throws", [](Request&) {
    return std::make_unique<FunctionStream>(
        [](std::string&) -> Result<bool> { throw std::runtime_error("expected in this test"); });
  });
  start();
  auto socket = connect();
  socket.send("GET /fails HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = socket.read_response();
  EXPECT_EQ(answer.status, 504);
  EXPECT_THAT(answer.body, HasSubstr("too slow"));
  socket.send("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(socket.read_response().status, 500);
}

TEST_F(ServerStream, error_in_the_middle_cuts_the_answer_so_that_it_shows) {
  add("/breaks", [](Request&) {
    return std::make_unique<FunctionStream>([n = 0](std::string& chunk) mutable -> Result<bool> {
      if (n++ == 3) return fail(Reason::kCorrupt, "expected in this test");
      chunk = "some rows\n";
      return true;
    });
  });
  start();
  auto socket = connect();
  socket.send("GET /breaks HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto bytes = socket.read_until_close();
  EXPECT_THAT(bytes, HasSubstr("some rows"));
  EXPECT_THAT(bytes, Not(HasSubstr("\r\n0\r\n")));
}

TEST_F(ServerStream, client_that_takes_nothing_is_given_up_and_costs_little_memory) {
  std::atomic<std::uint64_t> made = 0;
  std::promise<void> destroyed;
  add("/endless", [&](Request&) {
    return std::make_unique<FunctionStream>(
        [&](std::string& chunk) -> Result<bool> {
          chunk.assign(65536, 'x');
          made += chunk.size();
          return true;
        },
        [&] { destroyed.set_value(); });
  });
  ServerOptions options;
  options.write_timeout = 200ms;
  start(std::move(options));
  RawSocket socket(server_->port(), 4096);
  socket.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  destroyed.get_future().wait();
  // What the kernel's buffers hold, and one chunk.
  EXPECT_LT(made, 64u << 20);
}

TEST_F(ServerStream, client_that_leaves_in_the_middle_ends_the_stream) {
  std::promise<void> stopped;
  std::promise<void> destroyed;
  std::optional<std::stop_callback<std::function<void()>>> notice;
  router_.add(Method::kGet, "/endless", [&](Request request, Respond respond) {
    notice.emplace(request.stop, [&] { stopped.set_value(); });
    respond(streamed(std::make_unique<FunctionStream>(
        [](std::string& chunk) -> Result<bool> {
          chunk.assign(65536, 'x');
          return true;
        },
        [&] { destroyed.set_value(); })));
  });
  start();
  auto socket = connect();
  socket.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.read_until("\r\n\r\n"), HasSubstr("200 OK"));
  socket.close();
  stopped.get_future().wait();
  destroyed.get_future().wait();
}

// Has something to say only when told so.
class EventStream final : public BodyStream {
 public:
  using Resume = std::move_only_function<void()>;
  explicit EventStream(std::promise<Resume>& first) : first_(first) {}
  void when_ready(Resume resume) override {
    if (++asked_ == 1)
      first_.set_value(std::move(resume));
    else
      resume();
  }
  Result<bool> next(std::string& chunk) override {
    chunk = "event " + std::to_string(asked_) + "\n";
    return asked_ < 2;
  }

 private:
  std::promise<Resume>& first_;
  int asked_ = 0;
};

TEST_F(ServerStream, stream_that_waits_for_events_holds_no_thread) {
  std::promise<EventStream::Resume> first;
  router_.add(Method::kGet, "/events",
              [&](Request, Respond respond) { respond(streamed(std::make_unique<EventStream>(first))); });
  router_.add(Method::kGet, "/hello", answer_with("hello"));
  start({}, patient_pool(1));
  auto events = connect();
  events.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  auto resume = first.get_future().get();
  EXPECT_EQ(ask("GET", "/hello").body, "hello");
  resume();
  EXPECT_EQ(events.read_response().body, "event 1\nevent 2\n");
}

TEST_F(ServerStream, event_after_the_client_has_gone_does_nothing) {
  std::promise<EventStream::Resume> first;
  router_.add(Method::kGet, "/events",
              [&](Request, Respond respond) { respond(streamed(std::make_unique<EventStream>(first))); });
  start();
  auto events = connect();
  events.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  auto resume = first.get_future().get();
  events.reset();
  server_->stop(0ms);
  server_.reset();
  resume();
}

}  // namespace
}  // namespace slate::http::testing
