// How a server ends.
#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <thread>

#include "http/testing/server_test_base.h"

namespace slate::http::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kWait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

class ServerStop : public ServerTest {
 protected:
  // A route whose handler hands out its request and responder.
  void add_waiting_route() {
    router_.add(Method::kGet, "/wait", [this](Request request, Respond respond) {
      arrived_.set_value({request.stop, std::move(respond)});
    });
    router_.add(Method::kGet, "/hello", answer_with("hello"));
  }
  struct Arrival {
    std::stop_token stop;
    Respond respond;
  };
  std::promise<Arrival> arrived_;
};

TEST_F(ServerStop, running_request_is_finished_and_told_that_the_connection_ends) {
  add_waiting_route();
  start();
  auto socket = connect();
  socket.send(kWait);
  auto arrival = arrived_.get_future().get();
  auto idle = connect();
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(idle.read_response().body, "hello");

  auto stopped = std::async(std::launch::async, [this] { server_->stop(kPatience); });
  EXPECT_EQ(idle.read_until_close(), "") << "idle connections close at once";
  EXPECT_FALSE(arrival.stop.stop_requested()) << "within the grace nothing is asked to stop";
  arrival.respond(Response::text(200, "done"));
  const auto answer = socket.read_response();
  EXPECT_EQ(answer.body, "done");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  EXPECT_EQ(socket.read_until_close(), "");
  stopped.wait();
}

TEST_F(ServerStop, after_the_grace_tokens_trip_and_connections_are_cut) {
  add_waiting_route();
  start();
  auto socket = connect();
  socket.send(kWait);
  auto arrival = arrived_.get_future().get();
  server_->stop(20ms);
  EXPECT_TRUE(arrival.stop.stop_requested());
  EXPECT_EQ(socket.read_until_close(), "");
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerStop, answer_after_the_end_does_nothing) {
  add_waiting_route();
  start();
  auto socket = connect();
  socket.send(kWait);
  auto arrival = arrived_.get_future().get();
  server_.reset();
  arrival.respond(Response::text(200, "too late"));
  EXPECT_EQ(socket.read_until_close(), "");
}

TEST_F(ServerStop, waits_for_a_handler_that_is_being_called) {
  std::latch entered(1);
  std::atomic<bool> left = false;
  router_.add(Method::kGet, "/wait", [&](Request request, Respond) {
    std::promise<void> stopped;
    const std::stop_callback notice(request.stop, [&] { stopped.set_value(); });
    entered.count_down();
    stopped.get_future().wait();
    left = true;
  });
  start();
  auto socket = connect();
  socket.send(kWait);
  entered.wait();
  server_->stop(0ms);
  EXPECT_TRUE(left);
}

TEST_F(ServerStop, new_connections_are_not_taken) {
  add_waiting_route();
  start();
  const auto port = server_->port();
  server_->stop(kPatience);
  EXPECT_FALSE(RawSocket(port).connected());
}

TEST_F(ServerStop, half_a_request_may_come_whole_within_the_grace) {
  add_waiting_route();
  start();
  auto busy = connect();
  busy.send(kWait);
  auto arrival = arrived_.get_future().get();
  auto half = connect();
  half.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hel");
  EXPECT_EQ(half.read_response().body, "hello");
  auto idle = connect();
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(idle.read_response().body, "hello");
  auto stopped = std::async(std::launch::async, [this] { server_->stop(kPatience); });
  EXPECT_EQ(idle.read_until_close(), "");
  half.send("lo HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = half.read_response();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
  arrival.respond(Response::empty(204));
  stopped.wait();
}

TEST_F(ServerStop, under_load_every_request_is_answered_whole_or_not_at_all) {
  router_.add(Method::kGet, "/hello", answer_with(std::string(10'000, 'x')));
  start();
  std::atomic<int> answered = 0;
  std::latch busy(8);
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      auto socket = connect();
      for (bool first = true;; first = false) {
        socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto answer = socket.read_response();
        if (answer.status == 0) break;
        EXPECT_EQ(answer.body.size(), 10'000u);
        ++answered;
        if (first) busy.count_down();
      }
    });
  }
  busy.wait();
  server_->stop(kPatience);
  for (auto& client : clients) client.join();
  EXPECT_GE(answered, 8);
}

}  // namespace
}  // namespace slate::http::testing
