#include "net/client_stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/try.h"
#include "net/transport.h"

namespace slate::net {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = ClientStream::TimePoint;

class Socket {
 public:
  explicit Socket(int number) : number_(number) {}
  Socket(Socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::string system_text(int error) { return std::generic_category().message(error); }

// Errors: deadline_exceeded.
Result<void> wait_until(int socket, short events, TimePoint deadline) {
  for (;;) {
    int timeout = -1;
    if (deadline != TimePoint::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
      timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
    }
    pollfd ready{.fd = socket, .events = events, .revents = 0};
    const int count = ::poll(&ready, 1, timeout);
    if (count > 0) return {};
    if (count == 0) return fail(Reason::kDeadlineExceeded, "no progress within the time limit");
    if (errno != EINTR) return fail(Reason::kUnavailable, system_text(errno));
  }
}

Result<Socket> connect_to(const addrinfo& address, TimePoint deadline) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (socket.number() < 0) return fail(Reason::kUnavailable, system_text(errno));
  if (::connect(socket.number(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return fail(Reason::kUnavailable, system_text(errno));
    SLATE_TRY(wait_until(socket.number(), POLLOUT, deadline));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(Reason::kUnavailable, system_text(error));
  }
  const int on = 1;
  static_cast<void>(::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  return socket;
}

Result<Socket> connect_to(const std::string& host, std::uint16_t port, TimePoint deadline) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
    // Where only loopback is configured, AI_ADDRCONFIG hides its addresses.
    wanted.ai_flags = AI_NUMERICSERV;
    error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  }
  if (error != 0) return fail(Reason::kUnavailable, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Result<Socket> socket = fail(Reason::kUnavailable, "the name has no address");
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    auto made = connect_to(*each, deadline);
    if (made) return made;
    socket = fail(std::move(made).error());
    if (socket.error().reason() == Reason::kDeadlineExceeded) break;
  }
  return socket;
}

}  // namespace

struct ClientStream::Impl {
  explicit Impl(Socket connected) : socket(std::move(connected)) {}

  // Calls `step` until it needs to wait no more. The lock is held for the step only: it never blocks.
  template <typename Step>
  Result<IoResult> run(Step step, TimePoint deadline) {
    for (;;) {
      IoResult result;
      {
        const std::scoped_lock lock(mutex);
        result = step(*transport);
        if (result.state == IoState::kBroken) return fail(Reason::kUnavailable, transport->problem());
      }
      if (result.state == IoState::kDone || result.state == IoState::kEnd) return result;
      SLATE_TRY(wait_until(socket.number(), result.state == IoState::kWantRead ? POLLIN : POLLOUT, deadline));
    }
  }

  bool waits_first() {
    const std::scoped_lock lock(mutex);
    return was_emptied && !transport->has_buffered();
  }

  const Socket socket;
  bool was_emptied = false;  // the last read took all that there was; of who reads
  std::mutex mutex;          // guards transport
  std::unique_ptr<Transport> transport;
};

ClientStream::ClientStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ClientStream::~ClientStream() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->transport->finish_sending();
}

Result<std::unique_ptr<ClientStream>> ClientStream::connect(const std::string& host, std::uint16_t port,
                                                            TimePoint deadline, const TlsContext* tls) {
  SLATE_TRY(Socket socket, connect_to(host, port, deadline));
  auto impl = std::make_unique<Impl>(std::move(socket));
  if (tls == nullptr) {
    impl->transport = make_plain_transport(impl->socket.number());
  } else {
    SLATE_TRY(impl->transport, make_tls_transport(impl->socket.number(), *tls, host));
    SLATE_TRY(const IoResult shaken,
              impl->run([](Transport& transport) { return transport.handshake(); }, deadline));
    if (shaken.state == IoState::kEnd)
      return fail(Reason::kUnavailable, "the connection ended in the TLS handshake");
  }
  return std::unique_ptr<ClientStream>(new ClientStream(std::move(impl)));
}

// The answer to a question is not there yet: looking for it first would be a call in vain.
Result<std::size_t> ClientStream::read_some(std::span<char> into, TimePoint deadline) {
  if (impl_->waits_first()) SLATE_TRY(wait_until(impl_->socket.number(), POLLIN, deadline));
  SLATE_TRY(const IoResult result,
            impl_->run([into](Transport& transport) { return transport.read(into); }, deadline));
  impl_->was_emptied = result.bytes < into.size();
  return result.state == IoState::kEnd ? 0 : result.bytes;
}

Result<std::size_t> ClientStream::write_some(std::span<const std::string_view> pieces, TimePoint deadline) {
  SLATE_TRY(const IoResult result,
            impl_->run([pieces](Transport& transport) { return transport.write(pieces); }, deadline));
  return result.bytes;
}

Result<void> ClientStream::write(std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    SLATE_TRY(const std::size_t written, write_some({&bytes, 1}, deadline));
    bytes.remove_prefix(written);
  }
  return {};
}

bool ClientStream::is_quiet() {
  const std::scoped_lock lock(impl_->mutex);
  if (impl_->transport->has_buffered()) return false;
  // Under TLS bytes may wait that are none for us, such as a ticket. Reading tells.
  char byte = 0;
  const IoResult result = impl_->transport->read({&byte, 1});
  return result.state == IoState::kWantRead || result.state == IoState::kWantWrite;
}

void ClientStream::shut_down() { ::shutdown(impl_->socket.number(), SHUT_RDWR); }

}  // namespace slate::net
