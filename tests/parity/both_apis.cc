#include "parity/both_apis.h"

#include <gtest/gtest.h>
#include <utility>

#include "base/try.h"

namespace slate::parity {
namespace {

// Every header in its order, but for those that tell of time: when the answer was made, how long it took, and
// whether the request was there as a whole when it was refused.
std::string headers_of(const http::ClientResponse& response) {
  std::string text;
  for (const auto& [name, value] : response.headers)
    if (name != "Date" && name != "Server-Timing" && name != "Connection") text += name + ": " + value + '\n';
  return text;
}

}  // namespace

Result<std::unique_ptr<BothApis>> BothApis::start(Database& embedded, Database& remote, const Clock& clock) {
  std::unique_ptr<BothApis> both(new BothApis());
  // Filters stand in URLs, some of them long. Kept pages would be answers that nobody made.
  const http::ServerOptions server{.header_bytes = std::size_t{256} << 10};
  const api::AnswersOptions answers{.cache_bytes = 0, .instance = "parity"};
  SLATE_TRY(both->embedded_, slate::testing::ServedApi::start(embedded, clock, server, answers));
  SLATE_TRY(both->remote_, slate::testing::ServedApi::start(remote, clock, server, answers));
  return both;
}

http::ClientResponse BothApis::ask(http::Method method, const std::string& target, const std::string& body,
                                   http::Headers headers) {
  request_id_ = "parity-" + std::to_string(++asked_);
  headers.set("X-Request-Id", request_id_);
  if (!body.empty() && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
  auto embedded = embedded_->ask(method, target, headers, body);
  const auto remote = remote_->ask(method, target, headers, body);
  const std::string what =
      std::string(http::method_name(method)) + ' ' + target.substr(0, 2'000) + ' ' + body;
  if (!embedded || !remote) {
    ADD_FAILURE() << what << ": " << (embedded ? remote : embedded).error().to_string();
    return {};
  }
  EXPECT_EQ(embedded->status, remote->status) << what;
  EXPECT_EQ(headers_of(*embedded), headers_of(*remote)) << what;
  EXPECT_EQ(embedded->body, remote->body) << what;
  return *std::move(embedded);
}

}  // namespace slate::parity
