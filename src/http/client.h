#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "http/headers.h"
#include "http/message.h"
#include "net/tls_context.h"

namespace slate::http {

struct ClientOptions {
  // Handshake included.
  std::chrono::milliseconds connect_timeout{10'000};
  // How long the server may send nothing, or take nothing.
  std::chrono::milliseconds timeout{60'000};
  // Of a body that is kept in memory.
  std::uint64_t max_body_bytes = std::uint64_t{256} << 20;
  // A client's context, for https; null: the system's authorities are trusted.
  std::shared_ptr<net::TlsContext> tls{};
};

struct ClientRequest {
  Method method = Method::kGet;
  std::string url{};  // http[s]://host[:port]/path?query, escaped
  Headers headers{};  // Host, Content-Length and Connection are the client's own
  std::string body{};
  // When set, gets the body of a 2xx answer piece by piece instead of ClientResponse::body. An error ends the
  // download and is the request's result.
  std::function<Result<void>(std::string_view)> sink{};
};

struct ClientResponse {
  int status = 0;
  Headers headers{};
  std::string body{};
};

// A blocking HTTP/1.1 client that keeps its last connection for the next request to the same host. For one
// thread at a time. An answer of any status is a success here.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Errors: invalid_argument (the URL), unavailable (cannot connect, a certificate that is not accepted, or
  // the connection broke, which for an answer may be in the middle of its body), deadline_exceeded,
  // quota_exceeded (a body beyond max_body_bytes), and what the sink gives. A kept connection that turns out
  // to be closed is replaced once. Where the URL's scheme seems to be the wrong one, the hint says so.
  Result<ClientResponse> request(ClientRequest request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// One request on a connection of its own.
Result<ClientResponse> request(Method method, std::string url, Headers headers = {}, std::string body = {},
                               ClientOptions options = {});

}  // namespace slate::http
