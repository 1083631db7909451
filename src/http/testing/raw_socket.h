// HTTP over a socket that sends any bytes at any time.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/testing/loopback_socket.h"

namespace slate::http::testing {

struct RawResponse {
  int status = 0;
  std::string head{};  // with the empty line
  std::string body{};  // chunks put together

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

// Reads what a server answers, too.
class RawSocket : public net::testing::LoopbackSocket {
 public:
  using LoopbackSocket::LoopbackSocket;

  std::string read_until_close() {
    while (read_some()) {
    }
    return take(unread().size());
  }
  // Up to and with `end`, or all there is if the connection closes before.
  std::string read_until(std::string_view end) {
    std::size_t found = unread().find(end);
    while (found == std::string::npos && read_some()) found = unread().find(end);
    return take(found == std::string::npos ? unread().size() : found + end.size());
  }
  // One response by its own framing; status 0 if the connection closed before there was one. `method` HEAD
  // has no body.
  RawResponse read_response(std::string_view method = "GET") {
    RawResponse response;
    response.head = read_until("\r\n\r\n");
    if (response.head.size() < 12) return response;
    response.status = std::atoi(response.head.c_str() + 9);
    if (method == "HEAD" || response.status == 204 || response.status == 304 || response.status / 100 == 1)
      return response;
    if (response.has("Transfer-Encoding: chunked")) {
      for (;;) {
        const auto size = std::strtoul(read_until("\r\n").c_str(), nullptr, 16);
        response.body += read_exactly(size);
        if (read_exactly(2) != "\r\n" || size == 0) return response;
      }
    }
    const auto at = response.head.find("Content-Length: ");
    if (at == std::string::npos)
      response.body = read_until_close();
    else
      response.body = read_exactly(std::strtoul(response.head.c_str() + at + 16, nullptr, 10));
    return response;
  }

 private:
  std::string read_exactly(std::size_t bytes) {
    while (unread().size() < bytes && read_some()) {
    }
    return take(bytes);
  }
};

}  // namespace slate::http::testing
