// A server for the tests of streams: gives back what it gets.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "net/io_threads.h"
#include "net/stream.h"

namespace slate::net::testing {

class EchoConnection : public std::enable_shared_from_this<EchoConnection> {
 public:
  EchoConnection(IoThreads& io, int socket, const TlsContext* tls, std::atomic<int>& alive)
      : alive_(alive), stream_(io, socket, tls) {
    ++alive_;
  }
  ~EchoConnection() { --alive_; }

  void start(std::chrono::milliseconds patience) {
    stream_.start(weak_from_this(), [this] { stream_.close(); });
    stream_.post([this, patience] {
      stream_.set_deadline(std::chrono::steady_clock::now() + patience);
      stream_.async_handshake([this](IoResult result) {
        if (result.state != IoState::kDone) return stream_.close();
        stream_.set_deadline(Stream::TimePoint::max());
        read();
      });
    });
  }
  void close() {
    stream_.post([this] { stream_.close(); });
  }

 private:
  void read() {
    stream_.when_readable([this] {
      std::array<char, 16384> buffer;
      const IoResult result = stream_.read(buffer);
      switch (result.state) {
        case IoState::kWantRead:
        case IoState::kWantWrite: return read();
        case IoState::kEnd:
        case IoState::kBroken: return stream_.close();
        case IoState::kDone: break;
      }
      text_.assign(buffer.data(), result.bytes);
      // In pieces, as answers are.
      const std::string_view all = text_;
      pieces_ = {all.substr(0, 1), all.substr(1, std::min<std::size_t>(all.size() - 1, 5)),
                 all.substr(std::min<std::size_t>(all.size(), 6))};
      write();
    });
  }
  void write() {
    stream_.async_write_some(pieces_, [this](IoResult result) {
      if (result.state != IoState::kDone) return stream_.close();
      std::size_t bytes = result.bytes;
      bool more = false;
      for (auto& piece : pieces_) {
        const auto step = std::min(bytes, piece.size());
        piece.remove_prefix(step);
        bytes -= step;
        more = more || !piece.empty();
      }
      if (more) return write();
      read();
    });
  }

  std::atomic<int>& alive_;
  Stream stream_;
  std::string text_;
  std::array<std::string_view, 3> pieces_;
};

// Listens on a free port of loopback.
class EchoServer {
 public:
  explicit EchoServer(const TlsContext* tls = nullptr,
                      std::chrono::milliseconds patience = std::chrono::hours(1))
      : tls_(tls), patience_(patience), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0 &&
              ::getsockname(listener_, generic, &size) == 0,
          "a port to listen on");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept(); });
  }
  // Waits until no connection is left.
  ~EchoServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    while (alive_ > 0) std::this_thread::yield();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return alive_; }

 private:
  void accept() {
    std::vector<std::weak_ptr<EchoConnection>> all;
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) break;
      const auto connection = std::make_shared<EchoConnection>(io_, socket, tls_, alive_);
      all.push_back(connection);
      connection->start(patience_);
    }
    for (const auto& each : all)
      if (const auto connection = each.lock()) connection->close();
  }

  const TlsContext* tls_;
  const std::chrono::milliseconds patience_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> alive_ = 0;
  IoThreads io_{2};
  std::thread thread_;
};

}  // namespace slate::net::testing
