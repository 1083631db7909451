#include "net/listener.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/wait_traits.hpp>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "base/try.h"

namespace slate::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using Strand = asio::strand<asio::io_context::executor_type>;

// How long to wait for descriptors when the process has run out of them.
constexpr std::chrono::milliseconds kAcceptRetry{100};

}  // namespace

// Its callbacks keep it alive.
struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
  Impl(IoThreads& io, std::shared_ptr<ConnectionGroup> group)
      : alive(std::move(group)), strand(asio::make_strand(io.context())), acceptor(strand), timer(strand) {}

  Result<void> bind(const std::string& address, std::uint16_t wanted) {
    ErrorCode error;
    const auto ip = asio::ip::make_address(address, error);
    if (error)
      return fail(Error(Reason::kInvalidArgument, "'" + address + "' is not an IP address")
                      .with_hint("use 127.0.0.1 or 0.0.0.0"));
    const Tcp::endpoint endpoint(ip, wanted);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (!error) port = acceptor.local_endpoint(error).port();
    if (error)
      return fail(Reason::kFailedPrecondition,
                  "cannot listen on " + address + " port " + std::to_string(wanted) + ": " + error.message());
    is_loopback = ip.is_loopback();
    return {};
  }

  void wait() {
    if (!acceptor.is_open()) return;
    acceptor.async_wait(Tcp::acceptor::wait_read, [self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->accept_waiting();
    });
  }

  void accept_waiting() {
    for (;;) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int socket = ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        welcome(socket, ClientAddress::of(reinterpret_cast<const sockaddr&>(address)));
        continue;
      }
      switch (errno) {
        case EINTR:
        case ECONNABORTED: continue;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return wait_for_resources(errno);
        default: return wait();
      }
    }
  }

  void wait_for_resources(int error) {
    log::error("cannot accept connections", {{"error", std::generic_category().message(error)}});
    timer.expires_after(kAcceptRetry);
    timer.async_wait([self = shared_from_this()](const ErrorCode& cancelled) {
      if (!cancelled) self->wait();
    });
  }

  void welcome(int socket, const ClientAddress& client) {
    auto permit = limiter->ask(client, SteadyClock::now());
    if (!permit) {
      ::close(socket);
      return;
    }
    const int on = 1;
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    on_connection(socket, *std::move(permit));
  }

  AliveGuard alive;
  const Strand strand;
  asio::basic_socket_acceptor<Tcp, Strand> acceptor;
  asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand> timer;
  std::uint16_t port = 0;
  bool is_loopback = false;
  std::shared_ptr<ConnectionLimiter> limiter;
  OnConnection on_connection;
};

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() { close(); }

Result<std::unique_ptr<Listener>> Listener::open(const std::string& address, std::uint16_t port,
                                                 IoThreads& io, std::shared_ptr<ConnectionGroup> group) {
  auto impl = std::make_shared<Impl>(io, std::move(group));
  SLATE_TRY(impl->bind(address, port));
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

std::uint16_t Listener::port() const { return impl_->port; }
bool Listener::is_loopback() const { return impl_->is_loopback; }

void Listener::start(std::shared_ptr<ConnectionLimiter> limiter, OnConnection on_connection) {
  impl_->limiter = std::move(limiter);
  impl_->on_connection = std::move(on_connection);
  asio::post(impl_->strand, [impl = impl_] { impl->wait(); });
}

void Listener::close() {
  asio::post(impl_->strand, [impl = impl_] {
    ErrorCode ignored;
    impl->acceptor.close(ignored);
    impl->timer.cancel();
  });
}

}  // namespace slate::net
