// HTTP in front of one database, twice: in the process and over TCP. Whatever is asked is asked of both, and
// both must say the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <slate/clock.h>
#include <slate/database.h>

#include "http/client.h"
#include "testing/served_api.h"

namespace slate::parity {

class BothApis {
 public:
  // All must outlive it.
  static Result<std::unique_ptr<BothApis>> start(Database& embedded, Database& remote, const Clock& clock);

  // The answer of both. Expects status, body and headers to be the same to the byte; only when it was and how
  // long it took may differ. Each request has an id of its own, which is in problems, too.
  http::ClientResponse ask(http::Method method, const std::string& target, const std::string& body = {},
                           http::Headers headers = {});
  // The request id of the last ask().
  const std::string& request_id() const { return request_id_; }

 private:
  BothApis() = default;

  std::unique_ptr<slate::testing::ServedApi> embedded_;
  std::unique_ptr<slate::testing::ServedApi> remote_;
  std::uint64_t asked_ = 0;
  std::string request_id_;
};

}  // namespace slate::parity
