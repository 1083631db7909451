// A server that speaks the protocol's frames and answers as a test says; one thread a connection.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "wire/answers.h"
#include "wire/frame.h"
#include "wire/requests.h"

namespace slate::client::testing {

// A server's end of one connection. Safe from any thread while the server lives.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void answer(wire::RequestId id, const wire::Answer& answer, std::string_view payload = {}) {
    wire::FrameWriter frame(id, wire::encode(answer));
    if (!payload.empty()) frame.payload().append(payload);
    send(frame.finish());
  }
  void send(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void cut() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  friend class ScriptedServer;
  const int socket_;
  std::mutex mutex_;
};

class ScriptedServer {
 public:
  enum class Hello : std::uint8_t { kWelcome, kHandler };  // who answers it
  // Called on the connection's thread.
  using Handler = std::function<void(const std::shared_ptr<Peer>&, wire::RequestId, const wire::Request&)>;

  // `instance` empty: accepts, and never says a word.
  explicit ScriptedServer(Handler handler = {}, std::string instance = "one", std::uint16_t port = 0,
                          Hello hello = Hello::kWelcome)
      : handler_(std::move(handler)),
        instance_(std::move(instance)),
        handles_hello_(hello == Hello::kHandler) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    is_bound_ = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    ::listen(listener_, 256);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    cut_all();
    for (std::thread& each : threads_) each.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  bool is_bound() const { return is_bound_; }
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }
  int open() const { return open_; }
  void cut_all() {
    const std::scoped_lock lock(mutex_);
    for (const auto& each : peers_)
      if (const auto peer = each.lock()) peer->cut();
  }

  wire::Welcome welcome() const {
    return {.server = "scripted", .instance = instance_, .limits = {.write_frame_bytes = 1u << 20}};
  }

 private:
  void accept() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      ++accepted_;
      ++open_;
      const auto peer = std::make_shared<Peer>(socket);
      const std::scoped_lock lock(mutex_);
      peers_.push_back(peer);
      threads_.emplace_back([this, peer] {
        serve(peer);
        peer->cut();
        --open_;
      });
    }
  }

  void serve(const std::shared_ptr<Peer>& peer) {
    std::string bytes;
    const auto read_more = [&] {
      char buffer[65536];
      const auto got = ::recv(peer->socket_, buffer, sizeof buffer, 0);
      if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
      return got > 0;
    };
    while (bytes.size() < wire::kPreamble.size())
      if (!read_more()) return;
    bytes.erase(0, wire::kPreamble.size());
    for (;;) {
      const auto header = wire::read_frame_header(bytes, wire::kMostFrameBytes);
      if (!header) return;
      if (!*header || (*header)->size > bytes.size()) {
        if (!read_more()) return;
        continue;
      }
      const wire::Frame frame = wire::split_frame(bytes, **header);
      auto request = wire::decode_request(frame.message);
      if (!request) return;
      handle(peer, frame.id, *request);
      bytes.erase(0, (*header)->size);
    }
  }

  void handle(const std::shared_ptr<Peer>& peer, wire::RequestId id, const wire::Request& request) {
    if (std::holds_alternative<wire::Hello>(request.body) && !handles_hello_) {
      if (!instance_.empty()) peer->answer(id, welcome());
    } else if (handler_) {
      handler_(peer, id, request);
    } else if (std::holds_alternative<wire::Ping>(request.body)) {
      peer->answer(id, wire::Pong{});
    }
  }

  const Handler handler_;
  const std::string instance_;
  const bool handles_hello_;
  int listener_ = -1;
  bool is_bound_ = false;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::atomic<int> open_ = 0;
  std::mutex mutex_;  // guards what follows
  std::vector<std::weak_ptr<Peer>> peers_;
  std::vector<std::thread> threads_;
  std::thread thread_;
};

// Spins until it is so; the test's own time limit ends a wait in vain.
template <typename Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace slate::client::testing
