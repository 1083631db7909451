#include "cli/http_service.h"

#include <chrono>
#include <fmt/format.h>
#include <random>
#include <utility>

#include "base/try.h"

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end

// A token that nobody knows, which closes administration.
std::string secret_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 8; ++i) token += fmt::format("{:08x}", random());
  return token;
}

}  // namespace

Result<std::unique_ptr<HttpService>> HttpService::start(Database& database, const ServeOptions& options,
                                                        const ListenAddress& address,
                                                        std::optional<Manifests> manifests,
                                                        std::function<Result<void>()> ready) {
  std::unique_ptr<HttpService> service(new HttpService(database));
  SLATE_TRY(service->open(options, std::move(manifests)));
  SLATE_TRY(service->listen(options, address, std::move(ready)));
  return service;
}

void HttpService::stop() {
  if (server_) server_->stop(kGrace);
  if (refresher_) refresher_->shutdown();
  pool_.reset();
  manifests_.reset();  // requests may have met an empty database, which gets them
}

Result<void> HttpService::open(const ServeOptions& options, std::optional<Manifests> manifests) {
  pool_ = std::make_unique<net::BlockingPool>(net::BlockingPoolOptions{.threads = options.pool_threads});
  target_ = std::make_unique<DatabaseTarget>(database_, metrics_.attempt_observer());
  refresher_ = std::make_unique<Refresher>(*target_, RefresherOptions{});
  lists_ = std::make_unique<ListService>(database_, *refresher_, [this](ListService::Task task) {
    return pool_->submit(std::move(task), net::Admission::kAlways);
  });
  if (!manifests) return {};
  SLATE_TRY(manifests_,
            ManifestWatch::start(std::move(manifests->with_database),
                                 {.folder = std::move(manifests->folder),
                                  .memory = std::move(manifests->memory),
                                  .on_removed = [this](std::string_view id) { refresher_->forget(id); }}));
  return {};
}

Result<void> HttpService::listen(const ServeOptions& options, const ListenAddress& address,
                                 std::function<Result<void>()> ready) {
  io_ = std::make_unique<net::IoThreads>(options.io_threads);
  context_.reset(new api::ApiContext{.database = database_,
                                     .lists = *lists_,
                                     .refresher = *refresher_,
                                     .metrics = metrics_,
                                     .ready = std::move(ready)});
  if (options.lists_only == Switch::kOn) context_->admin_token = secret_token();
  http::ServerOptions server{.address = address.host, .port = address.port};
  server.observer = metrics_.request_observer();
  SLATE_TRY(server_, http::Server::start(std::move(server), api::make_router(*context_), *io_, *pool_));
  return {};
}

}  // namespace slate::cli
