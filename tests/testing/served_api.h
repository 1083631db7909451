// The HTTP API in front of any database, in this process: what a caller sees of it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <slate/clock.h>
#include <slate/database.h>

#include "api/testing/wired_api.h"
#include "base/try.h"
#include "http/client.h"
#include "http/server.h"
#include "net/io_threads.h"

namespace slate::testing {

class ServedApi {
 public:
  // `database` and `clock` must outlive it.
  static Result<std::unique_ptr<ServedApi>> start(Database& database, const Clock& clock = system_clock(),
                                                  http::ServerOptions server = {},
                                                  api::AnswersOptions answers = {}) {
    std::unique_ptr<ServedApi> served(new ServedApi(database, clock, std::move(answers)));
    SLATE_TRY(served->server_, http::Server::start(std::move(server), served->api_.router(), served->io_,
                                                   served->api_.pool()));
    return served;
  }
  ~ServedApi() {
    if (server_) server_->stop(std::chrono::milliseconds(0));
  }

  // Without a path.
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  // `target` is path and query, escaped. By the one thread that uses it.
  Result<http::ClientResponse> ask(http::Method method, const std::string& target, http::Headers headers = {},
                                   std::string body = {}) {
    return client_.request(
        {.method = method, .url = url() + target, .headers = std::move(headers), .body = std::move(body)});
  }

 private:
  ServedApi(Database& database, const Clock& clock, api::AnswersOptions answers)
      : api_(database, clock, std::move(answers)) {}

  net::IoThreads io_{1};
  api::testing::WiredApi api_;
  std::unique_ptr<http::Server> server_;
  http::Client client_;
};

}  // namespace slate::testing
