#include <atomic>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include <slate/database.h>

#include "api/answers.h"
#include "api/api.h"
#include "api/metrics.h"
#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/build_info.h"
#include "cli/durability_default.h"
#include "cli/manifest_watch.h"
#include "cli/process.h"
#include "cli/serve_options.h"
#include "cli/verbs.h"
#include "http/server.h"
#include "lists/list_service.h"
#include "lists/refresh_target.h"
#include "loader/refresher.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/tls_context.h"
#include "net/token_file.h"

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end
constexpr std::uint64_t kPage = std::uint64_t{2} << 20;

Result<std::unique_ptr<net::TokenFile>> open_tokens(const std::string& file) {
  if (file.empty()) return std::unique_ptr<net::TokenFile>();
  return net::TokenFile::open(file);
}

api::AccessRules::Tokens accepted_by(const std::unique_ptr<net::TokenFile>& tokens) {
  if (!tokens) return {};
  return [tokens = tokens.get()](std::string_view token) { return tokens->accepts(token); };
}

// Everything that serves, in the order in which it is made; it goes the other way round.
class Service {
 public:
  static Result<std::unique_ptr<Service>> start(const ServeOptions& options, const Endpoints& endpoints) {
    std::unique_ptr<Service> service(new Service());
    SLATE_TRY(service->read_secrets(options));
    SLATE_TRY(service->open(options));
    SLATE_TRY(service->listen(options, endpoints));
    return service;
  }
  ~Service() { stop(); }

  // Lets what runs finish for kGrace. Again: nothing.
  void stop() {
    manifests_.reset();
    {
      const std::jthread beside([this] {
        if (admin_server_) admin_server_->stop(kGrace);
      });
      if (server_) server_->stop(kGrace);
    }
    if (refresher_) refresher_->shutdown();
    pool_.reset();
  }

  // Those of `asked`, with the ports that were free.
  Endpoints endpoints(Endpoints asked) const {
    asked.main.port = server_->port();
    if (asked.administration) asked.administration->port = admin_server_->port();
    return asked;
  }
  Result<std::string> counts() {
    SLATE_TRY(const auto datasources, database().list_datasources());
    SLATE_TRY(const auto lists, database().list_lists());
    return fmt::format("{} datasources, {} lists", datasources.size(), lists.size());
  }

 private:
  Service() = default;

  Database& database() { return with_default_ ? static_cast<Database&>(*with_default_) : *stored_; }

  Result<void> read_secrets(const ServeOptions& options) {
    SLATE_TRY(list_tokens_, open_tokens(options.token_file));
    SLATE_TRY(admin_tokens_, open_tokens(options.admin_token_file));
    if (options.tls_cert.empty()) return {};
    SLATE_TRY(tls_, net::TlsContext::server({.certificate = options.tls_cert,
                                             .key = options.tls_key,
                                             .client_ca = options.tls_client_ca,
                                             .protocols = {"http/1.1"}}));
    return {};
  }

  Result<void> open(const ServeOptions& options) {
    SLATE_TRY(stored_,
              Database::open({.path = options.data,
                              .generation_map_bytes = (options.map_bytes + kPage - 1) / kPage * kPage,
                              .scan_helpers = static_cast<unsigned>(options.scan_helpers)}));
    if (const auto durability = options.default_durability())
      with_default_ = std::make_unique<DurabilityDefault>(*stored_, *durability);
    pool_ = std::make_unique<net::BlockingPool>(net::BlockingPoolOptions{.threads = options.pool_threads});
    target_ = std::make_unique<DatabaseTarget>(database(), metrics_.attempt_observer());
    refresher_ =
        std::make_unique<Refresher>(*target_, RefresherOptions{.observer = metrics_.refresh_observer()});
    lists_ = std::make_unique<ListService>(database(), *refresher_, [this](ListService::Task task) {
      return pool_->submit(std::move(task), net::Admission::kAlways);
    });
    if (options.manifests.empty()) return {};
    SLATE_TRY(manifests_,
              ManifestWatch::start(database(),
                                   {.folder = options.manifests,
                                    .memory = std::filesystem::path(options.data) / "manifests.json",
                                    .on_removed = [this](std::string_view id) { refresher_->forget(id); }}));
    return {};
  }

  Result<void> listen(const ServeOptions& options, const Endpoints& endpoints) {
    io_ = std::make_unique<net::IoThreads>(options.io_threads);
    answers_ = std::make_unique<api::Answers>(api::AnswersOptions{.cache_bytes = options.cache_bytes});
    api::AccessRules rules{.list_tokens = accepted_by(list_tokens_),
                           .admin_tokens = accepted_by(admin_tokens_)};
    if (tls_ && tls_->verifies_clients()) rules.open_to = api::OpenTo::kHoldersOfCertificates;
    if (endpoints.administration) {
      admin_context_ = make_context(rules);
      SLATE_TRY(admin_server_, listen(options, *endpoints.administration, *admin_context_));
      admin_serving_ = admin_server_.get();
      rules.metrics = api::Served::kNo;
    }
    if (endpoints.administration || options.lists_only == Switch::kOn)
      rules.administration = api::Served::kNo;
    context_ = make_context(std::move(rules));
    SLATE_TRY(server_, listen(options, endpoints.main, *context_));
    serving_ = server_.get();
    return {};
  }

  std::unique_ptr<api::ApiContext> make_context(api::AccessRules rules) {
    return std::unique_ptr<api::ApiContext>(
        new api::ApiContext{.database = database(),
                            .lists = *lists_,
                            .refresher = *refresher_,
                            .metrics = metrics_,
                            .answers = *answers_,
                            // It listens only once storage is open and manifests are applied.
                            .ready = []() -> Result<void> { return {}; },
                            .access = std::move(rules),
                            .pool = pool_.get(),
                            .connections = [this] { return connections(); }});
  }

  Result<std::unique_ptr<http::Server>> listen(const ServeOptions& options, const ListenAddress& address,
                                               api::ApiContext& context) {
    http::ServerOptions server{
        .address = address.host,
        .port = address.port,
        .tls = tls_,
        .max_connections = options.max_connections,
        .client = {.connections = options.max_client_connections,
                   .requests_per_second = static_cast<double>(options.max_client_rate)}};
    server.observer = metrics_.request_observer();
    return http::Server::start(std::move(server), api::make_router(context), *io_, *pool_);
  }

  std::size_t connections() const {
    std::size_t open = 0;
    for (const http::Server* server : {serving_.load(), admin_serving_.load()})
      if (server != nullptr) open += server->connections();
    return open;
  }

  std::unique_ptr<net::TokenFile> list_tokens_, admin_tokens_;  // null: none are asked for
  std::shared_ptr<net::TlsContext> tls_;                        // null: plain
  api::Metrics metrics_{
      {.version = std::string(kVersion), .build_type = std::string(kBuildType), .compiler = compiler_name()}};
  std::unique_ptr<Database> stored_;
  std::unique_ptr<DurabilityDefault> with_default_;  // in front of stored_, when a default is asked for
  std::unique_ptr<DatabaseTarget> target_;
  std::unique_ptr<Refresher> refresher_;
  std::unique_ptr<ListService> lists_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<ManifestWatch> manifests_;
  std::unique_ptr<net::IoThreads> io_;
  std::unique_ptr<api::Answers> answers_;
  std::unique_ptr<api::ApiContext> context_, admin_context_;
  std::unique_ptr<http::Server> server_, admin_server_;  // the latter only with a port for administration
  // The same, once they listen: requests may come before.
  std::atomic<const http::Server*> serving_ = nullptr;
  std::atomic<const http::Server*> admin_serving_ = nullptr;
};

void warn_of_open_tokens(const ServeOptions& options, const Endpoints& endpoints) {
  const bool has_tokens = !options.token_file.empty() || !options.admin_token_file.empty();
  const bool leaves =
      !endpoints.main.is_loopback || (endpoints.administration && !endpoints.administration->is_loopback);
  if (has_tokens && leaves && options.tls_cert.empty())
    log::warning("tokens cross the network in the clear: give --tls-cert, or put TLS in front");
}

Result<void> serve(const ServeOptions& options, const Endpoints& endpoints, Terminal& terminal) {
  raise_file_limit();
  warn_of_open_tokens(options, endpoints);
  SLATE_TRY(const auto ending, Ending::listen());
  SLATE_TRY(const auto service, Service::start(options, endpoints));
  SLATE_TRY(const std::string counts, service->counts());
  const Endpoints bound = service->endpoints(endpoints);
  const std::string_view scheme = options.tls_cert.empty() ? "http" : "https";
  const std::string administration = bound.administration ? fmt::format(", administration on {}://{}", scheme,
                                                                        bound.administration->to_string())
                                                          : "";
  terminal.out << fmt::format("slate is serving on {}://{}{}, data in {}, {}\n", scheme,
                              bound.main.to_string(), administration, options.data, counts)
               << std::flush;
  log::info("serving", {{"address", bound.main.to_string()}, {"data", options.data}});
  ending->wait();
  log::info("asked to end: finishing what runs");
  service->stop();
  return {};
}

}  // namespace

Exit run_serve(std::span<const std::string> arguments, Terminal& terminal) {
  ServeOptions options = ServeOptions::for_cores(std::max(1U, std::thread::hardware_concurrency()));
  CommandLine command_line(
      "serve", "Serves lists and datasources over HTTP from a data folder, until SIGTERM or SIGINT");
  add_serve_options(command_line, options);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto endpoints = checked_endpoints(options);
  if (!endpoints) return command_line.usage_error(endpoints.error().to_string(), terminal);

  log::configure(options.log_level, options.log_format);
  if (const auto served = serve(options, *endpoints, terminal); !served)
    return failed("serve", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
