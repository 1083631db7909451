#include "cli/http_service.h"

#include <chrono>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/try.h"

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end

void look_for_open_tokens(const ServeOptions& options, const Endpoints& endpoints) {
  const bool has_tokens = !options.token_file.empty() || !options.admin_token_file.empty();
  const bool leaves =
      !endpoints.main.is_loopback || (endpoints.administration && !endpoints.administration->is_loopback);
  if (has_tokens && leaves && !options.tls.is_on()) warn_of_open_tokens();
}

}  // namespace

Result<std::unique_ptr<HttpService>> HttpService::start(Database& database, RefreshTarget& target,
                                                        const ServeOptions& options,
                                                        const Endpoints& endpoints,
                                                        std::optional<Manifests> manifests,
                                                        std::function<Result<void>()> ready,
                                                        std::function<ClientPoolStats()> clients) {
  look_for_open_tokens(options, endpoints);
  std::unique_ptr<HttpService> service(new HttpService(database, target, endpoints));
  service->clients_ = std::move(clients);
  SLATE_TRY(service->read_secrets(options));
  SLATE_TRY(service->open(options, std::move(manifests)));
  SLATE_TRY(service->listen(options, ready));
  return service;
}

void HttpService::stop() {
  {
    const std::jthread beside([this] {
      if (admin_server_) admin_server_->stop(kGrace);
    });
    if (server_) server_->stop(kGrace);
  }
  if (refresher_) refresher_->shutdown();
  pool_.reset();
}

std::string HttpService::addresses() const {
  const std::string_view scheme = tls_ ? "https" : "http";
  std::string text = fmt::format("{}://{}", scheme, endpoints_.main.to_string());
  if (endpoints_.administration)
    text += fmt::format(", administration on {}://{}", scheme, endpoints_.administration->to_string());
  return text;
}

Result<void> HttpService::read_secrets(const ServeOptions& options) {
  SLATE_TRY(list_tokens_, open_tokens(options.token_file));
  SLATE_TRY(admin_tokens_, open_tokens(options.admin_token_file));
  SLATE_TRY(tls_, open_tls(options.tls, "http/1.1"));
  return {};
}

Result<void> HttpService::open(const ServeOptions& options, std::optional<Manifests> manifests) {
  pool_ =
      std::make_unique<net::BlockingPool>(net::BlockingPoolOptions{.threads = options.process.pool_threads});
  refresher_ =
      std::make_unique<Refresher>(target_, RefresherOptions{.observer = metrics_.refresh_observer(),
                                                            .attempt_observer = metrics_.attempt_observer()});
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

Result<void> HttpService::listen(const ServeOptions& options, const std::function<Result<void>()>& ready) {
  io_ = std::make_unique<net::IoThreads>(options.process.io_threads);
  answers_ = std::make_unique<api::Answers>(api::AnswersOptions{.cache_bytes = options.cache_bytes});
  api::AccessRules rules{.list_tokens = accepted_by(list_tokens_),
                         .admin_tokens = accepted_by(admin_tokens_)};
  if (tls_ && tls_->verifies_clients()) rules.open_to = api::OpenTo::kHoldersOfCertificates;
  if (endpoints_.administration) {
    admin_context_ = make_context(rules, ready);
    SLATE_TRY(admin_server_, listen(options, *endpoints_.administration, *admin_context_));
    admin_serving_ = admin_server_.get();
    rules.metrics = api::Served::kNo;
  }
  if (endpoints_.administration || options.lists_only == Switch::kOn) rules.administration = api::Served::kNo;
  context_ = make_context(std::move(rules), ready);
  SLATE_TRY(server_, listen(options, endpoints_.main, *context_));
  serving_ = server_.get();
  return {};
}

std::unique_ptr<api::ApiContext> HttpService::make_context(api::AccessRules rules,
                                                           std::function<Result<void>()> ready) {
  return std::unique_ptr<api::ApiContext>(new api::ApiContext{.database = database_,
                                                              .lists = *lists_,
                                                              .refresher = *refresher_,
                                                              .metrics = metrics_,
                                                              .answers = *answers_,
                                                              .ready = std::move(ready),
                                                              .access = std::move(rules),
                                                              .pool = pool_.get(),
                                                              .connections = [this] { return connections(); },
                                                              .clients = clients_,
                                                              .certificate = tls_.get()});
}

Result<std::unique_ptr<http::Server>> HttpService::listen(const ServeOptions& options, ListenAddress& address,
                                                          api::ApiContext& context) {
  http::ServerOptions server{.address = address.host,
                             .port = address.port,
                             .tls = tls_,
                             .max_connections = options.connections.most,
                             .client = {.connections = options.connections.most_of_client,
                                        .requests_per_second = static_cast<double>(options.max_client_rate)}};
  server.observer = metrics_.request_observer();
  SLATE_TRY(auto running, http::Server::start(std::move(server), api::make_router(context), *io_, *pool_));
  address.port = running->port();
  return running;
}

std::size_t HttpService::connections() const {
  std::size_t open = 0;
  for (const http::Server* server : {serving_.load(), admin_serving_.load()})
    if (server != nullptr) open += server->connections();
  return open;
}

}  // namespace slate::cli
