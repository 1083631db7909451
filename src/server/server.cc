#include "server/server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/wait_traits.hpp>
#include <cerrno>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "server/refresh_host.h"
#include "server/server_core.h"
#include "wire/frame.h"

namespace slate::server {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using Strand = asio::strand<asio::io_context::executor_type>;

// Connections beyond the limit that are told so at one time; more are closed without a word.
constexpr std::size_t kMostRefusals = 256;
// How long to wait for descriptors when the process has run out of them.
constexpr std::chrono::milliseconds kAcceptRetry{100};

// Accepts until close(). Its callbacks keep it alive; the group tells when the last of them has gone.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<ServerCore> core)
      : alive_(core->group),
        core_(std::move(core)),
        strand_(asio::make_strand(core_->io.context())),
        acceptor_(strand_),
        timer_(strand_) {}

  Result<void> open() {
    const auto& options = core_->options;
    ErrorCode error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error)
      return fail(slate::Error(Reason::kInvalidArgument, "'" + options.address + "' is not an IP address")
                      .with_hint("use 127.0.0.1 or 0.0.0.0"));
    if (!address.is_loopback() && !options.accepts_token)
      return fail(slate::Error(Reason::kInvalidArgument,
                               "listening on " + options.address + ", beyond loopback, needs a token"));
    const Tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error)
      return fail(Reason::kFailedPrecondition, "cannot listen on " + options.address + " port " +
                                                   std::to_string(options.port) + ": " + error.message());
    return {};
  }

  void start() {
    asio::post(strand_, [self = shared_from_this()] { self->wait(); });
  }
  void close() {
    asio::post(strand_, [self = shared_from_this()] {
      ErrorCode ignored;
      self->acceptor_.close(ignored);
      self->timer_.cancel();
    });
  }

  std::uint16_t port() const { return port_; }

 private:
  void wait() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_wait(Tcp::acceptor::wait_read, [self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->accept_waiting();
    });
  }

  void accept_waiting() {
    for (;;) {
      const int socket = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        welcome(socket);
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
    timer_.expires_after(kAcceptRetry);
    timer_.async_wait([self = shared_from_this()](const ErrorCode& cancelled) {
      if (!cancelled) self->wait();
    });
  }

  void welcome(int socket) {
    const std::size_t open = core_->group->open();
    const std::size_t most = core_->options.max_connections;
    (open < most ? core_->counters.accepted : core_->counters.refused).fetch_add(1);
    if (open >= most + kMostRefusals) {
      ::close(socket);
      return;
    }
    const int on = 1;
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    open_connection(core_, socket, open < most ? Welcoming::kServe : Welcoming::kRefuse);
  }

  AliveGuard alive_;
  const std::shared_ptr<ServerCore> core_;
  const Strand strand_;
  asio::basic_socket_acceptor<Tcp, Strand> acceptor_;
  asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand> timer_;
  std::uint16_t port_ = 0;
};

Result<void> check_limits(const ServerOptions& options) {
  const auto fits = [](std::uint32_t bytes) {
    return bytes >= wire::kHelloFrameBytes && bytes <= wire::kMostFrameBytes;
  };
  if (!fits(options.frame_bytes) || !fits(options.write_frame_bytes))
    return fail(Reason::kInvalidArgument, "a frame has at least 8 KiB and at most 64 MiB");
  return {};
}

}  // namespace

struct Server::Impl {
  std::shared_ptr<ServerCore> core;
  std::shared_ptr<Listener> listener;
  std::uint16_t port = 0;
  std::mutex stop_mutex;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Database& database, net::IoThreads& io,
                                              net::BlockingPool& pool) {
  SLATE_TRY(check_limits(options));
  SLATE_TRY(std::string scope_key, database.scope_key());
  auto core = std::make_shared<ServerCore>(std::move(options), database, io, pool, database.instance_id(),
                                           std::move(scope_key));
  auto listener = std::make_shared<Listener>(core);
  SLATE_TRY(listener->open());
  core->refreshes = std::make_shared<RefreshHost>(*core);
  listener->start();
  auto impl = std::make_unique<Impl>();
  impl->core = std::move(core);
  impl->port = listener->port();
  impl->listener = std::move(listener);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

std::uint16_t Server::port() const { return impl_->port; }

ServerStats Server::stats() const {
  const ServerCore& core = *impl_->core;
  const ServerCounters& counters = core.counters;
  return {.connections = core.group->open(),
          .accepted = counters.accepted.load(),
          .refused = counters.refused.load(),
          .broken = counters.broken.load(),
          .bytes_received = counters.bytes_received.load(),
          .bytes_sent = counters.bytes_sent.load(),
          .requests = counters.requests.load(),
          .snapshots = counters.snapshots.load(),
          .refreshes = core.refreshes->running(),
          .queued_bytes = counters.queued_bytes.load(),
          .held_bytes = counters.held_bytes.load()};
}

void Server::stop(std::chrono::milliseconds grace) {
  const std::scoped_lock lock(impl_->stop_mutex);
  if (!impl_->listener) return;
  impl_->listener->close();
  impl_->listener.reset();
  impl_->core->refreshes->stop();
  impl_->core->group->finish(grace);
}

}  // namespace slate::server
