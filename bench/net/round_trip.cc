#include "bench/net/round_trip.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/try.h"

namespace slate::bench::network {
namespace {

constexpr std::size_t kBytes = 32;  // about a small request of the protocol

Failure broken(const char* what) {
  return fail(Reason::kIo, std::string(what) + ": " + std::strerror(errno));
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// False at the end of the connection.
bool receive(int socket, std::array<char, kBytes>& bytes) {
  for (std::size_t there = 0; there < bytes.size();) {
    const auto got = ::recv(socket, bytes.data() + there, bytes.size() - there, 0);
    if (got <= 0) return false;
    there += static_cast<std::size_t>(got);
  }
  return true;
}
bool send(int socket, const std::array<char, kBytes>& bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

void echo(int socket, const Processors& processors) {
  if (!run_on(processors)) return;
  std::array<char, kBytes> bytes{};
  while (receive(socket, bytes) && send(socket, bytes)) {
  }
  ::close(socket);
}

Result<int> connect_to(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return broken("getsockname");
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return broken("connect");
}

}  // namespace

Result<std::unique_ptr<RoundTrip>> RoundTrip::open(const Processors& server) {
  std::unique_ptr<RoundTrip> made(new RoundTrip);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 1) != 0) {
    ::close(listener);
    return broken("listen");
  }
  auto connected = connect_to(listener);
  const int accepted = connected ? ::accept(listener, nullptr, nullptr) : -1;
  ::close(listener);
  SLATE_TRY(made->socket_, std::move(connected));
  if (accepted < 0) return broken("accept");
  send_at_once(made->socket_);
  send_at_once(accepted);
  made->other_ = std::thread(echo, accepted, server);
  return made;
}

RoundTrip::~RoundTrip() {
  if (socket_ >= 0) ::close(socket_);
  if (other_.joinable()) other_.join();
}

Result<void> RoundTrip::go() {
  std::array<char, kBytes> bytes{};
  if (!send(socket_, bytes) || !receive(socket_, bytes)) return broken("a round trip");
  return {};
}

}  // namespace slate::bench::network
