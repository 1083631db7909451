// A client that sends any bytes at any time, for what a proper client would never do.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace slate::http::testing {

struct RawResponse {
  int status = 0;
  std::string head{};  // with the empty line
  std::string body{};  // chunks put together

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

// Blocking; a read that gets nothing for 30 s fails the test instead of hanging it.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  RawSocket(RawSocket&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        unread_(std::move(other.unread_)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  bool connected() const { return connected_; }
  // What the other side no longer takes is lost without complaint, as on any network.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // Closes with a reset.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  std::string read_until_close() {
    while (read_some()) {
    }
    return std::exchange(unread_, {});
  }
  // Up to and with `end`, or all there is if the connection closes before.
  std::string read_until(std::string_view end) {
    std::size_t found = unread_.find(end);
    while (found == std::string::npos && read_some()) found = unread_.find(end);
    return take(found == std::string::npos ? unread_.size() : found + end.size());
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
  std::string take(std::size_t bytes) {
    std::string taken = unread_.substr(0, bytes);
    unread_.erase(0, taken.size());
    return taken;
  }
  std::string read_exactly(std::size_t bytes) {
    while (unread_.size() < bytes && read_some()) {
    }
    return take(bytes);
  }
  bool read_some() {
    char buffer[65536];
    const auto bytes = ::recv(socket_, buffer, sizeof buffer, 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "the server went silent";
    if (bytes <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(bytes));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string unread_;
};

}  // namespace slate::http::testing
