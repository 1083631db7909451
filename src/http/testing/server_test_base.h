#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "http/server.h"
#include "http/testing/raw_socket.h"
#include "net/testing/patience.h"

namespace slate::http::testing {

using net::testing::kPatience;
using net::testing::patient_pool;

// What a test leaves as it is takes as long as it takes.
inline ServerOptions patient(ServerOptions options) {
  const ServerOptions usual;
  for (const auto limit : {&ServerOptions::handshake_timeout, &ServerOptions::header_timeout,
                           &ServerOptions::idle_timeout, &ServerOptions::write_timeout})
    if (options.*limit == usual.*limit) options.*limit = kPatience;
  return options;
}

// A server on a free loopback port with routes of the test's own.
class ServerTest : public ::testing::Test {
 protected:
  // Before the members of a derived fixture go, which its handlers use.
  void TearDown() override { server_.reset(); }

  void start(ServerOptions options = {}, net::BlockingPoolOptions pool = patient_pool(2)) {
    pool_ = std::make_unique<net::BlockingPool>(std::move(pool));
    auto server = Server::start(patient(std::move(options)), std::move(router_), io_, *pool_);
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
