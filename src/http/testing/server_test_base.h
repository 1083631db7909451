#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "http/server.h"
#include "http/testing/raw_socket.h"

namespace slate::http::testing {

// A server on a free loopback port with routes of the test's own.
class ServerTest : public ::testing::Test {
 protected:
  // Before the members of a derived fixture go, which its handlers use.
  void TearDown() override { server_.reset(); }

  void start(ServerOptions options = {}, net::BlockingPoolOptions pool = {.name = "test", .threads = 2}) {
    pool_ = std::make_unique<net::BlockingPool>(std::move(pool));
    auto server = Server::start(std::move(options), std::move(router_), io_, *pool_);
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  RawSocket connect() { return RawSocket(server_->port()); }
  // One request on a connection of its own; returns when the server has closed it and is done with the
  // request.
  RawResponse ask(const std::string& method, const std::string& target, const std::string& headers = "",
                  const std::string& body = "") {
    auto socket = connect();
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    socket.send(text + "\r\n" + body);
    auto response = socket.read_response(method);
    EXPECT_EQ(socket.read_until_close(), "");
    return response;
  }

  Router router_;  // filled before start()
  net::IoThreads io_{2};
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<Server> server_;
};

inline Handler answer_with(std::string body) {
  return [body](Request, Respond respond) { respond(Response::text(200, body)); };
}

}  // namespace slate::http::testing
