#include "http/server.h"

#include <mutex>
#include <utility>

#include "base/try.h"
#include "http/server_core.h"
#include "net/listener.h"

namespace slate::http {

struct Server::Impl {
  std::shared_ptr<ServerCore> core;
  std::unique_ptr<net::Listener> listener;  // null: stopped
  std::uint16_t port = 0;
  std::mutex stop_mutex;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Router router, net::IoThreads& io,
                                              net::BlockingPool& pool) {
  auto core = std::make_shared<ServerCore>(std::move(options), std::move(router), io, pool);
  SLATE_TRY(auto listener,
            net::Listener::open(core->options.address, core->options.port, core->io, core->group));
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

std::size_t Server::connections() const { return impl_->core->group->open(); }

void Server::stop(std::chrono::milliseconds grace) {
  const std::scoped_lock lock(impl_->stop_mutex);
  if (!impl_->listener) return;
  impl_->listener.reset();
  impl_->core->group->finish(grace);
}

}  // namespace slate::http
