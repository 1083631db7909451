#include "server/server.h"

#include <mutex>
#include <utility>

#include "base/try.h"
#include "net/listener.h"
#include "server/refresh_host.h"
#include "server/server_core.h"
#include "wire/frame.h"

namespace slate::server {
namespace {

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
  std::unique_ptr<net::Listener> listener;  // null: stopped
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
  SLATE_TRY(auto listener,
            net::Listener::open(core->options.address, core->options.port, core->io, core->group));
  const bool is_guarded =
      core->options.accepts_token || (core->options.tls && core->options.tls->verifies_clients());
  if (!listener->is_loopback() && !is_guarded)
    return fail(Reason::kInvalidArgument,
                "listening on " + core->options.address + ", beyond loopback, needs a token or mutual TLS");
  core->refreshes = std::make_shared<RefreshHost>(*core);
  listener->start(core->limiter, [core](int socket, net::ConnectionPermit permit) {
    open_connection(core, socket, std::move(permit));
  });
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
          .accepted = core.limiter->accepted(),
          .refused = core.limiter->refused(),
          .broken = counters.broken.load(),
          .bytes_received = counters.bytes_received.load(),
          .bytes_sent = counters.bytes_sent.load(),
          .requests = counters.requests.load(),
          .snapshots = counters.snapshots.load(),
          .refreshes = core.refreshes->running(),
          .queued_bytes = core.queued.taken(),
          .held_bytes = counters.held_bytes.load()};
}

void Server::stop(std::chrono::milliseconds grace) {
  const std::scoped_lock lock(impl_->stop_mutex);
  if (!impl_->listener) return;
  impl_->listener.reset();
  impl_->core->refreshes->stop();
  impl_->core->group->finish(grace);
}

}  // namespace slate::server
