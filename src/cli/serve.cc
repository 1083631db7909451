#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <random>
#include <thread>

#include <slate/database.h>

#include "api/api.h"
#include "api/metrics.h"
#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
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

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end
constexpr std::uint64_t kPage = std::uint64_t{2} << 20;

// A token that nobody knows, which closes administration.
std::string secret_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 8; ++i) token += fmt::format("{:08x}", random());
  return token;
}

// Everything that serves, in the order in which it is made; it goes the other way round.
class Service {
 public:
  static Result<std::unique_ptr<Service>> start(const ServeOptions& options, const ListenAddress& address) {
    std::unique_ptr<Service> service(new Service());
    SLATE_TRY(service->open(options));
    SLATE_TRY(service->listen(options, address));
    return service;
  }
  ~Service() { stop(); }

  // Lets what runs finish for kGrace. Again: nothing.
  void stop() {
    manifests_.reset();
    if (server_) server_->stop(kGrace);
    if (refresher_) refresher_->shutdown();
    pool_.reset();
  }

  std::uint16_t port() const { return server_->port(); }
  Result<std::string> counts() {
    SLATE_TRY(const auto datasources, database().list_datasources());
    SLATE_TRY(const auto lists, database().list_lists());
    return fmt::format("{} datasources, {} lists", datasources.size(), lists.size());
  }

 private:
  Service() = default;

  Database& database() { return with_default_ ? static_cast<Database&>(*with_default_) : *stored_; }

  Result<void> open(const ServeOptions& options) {
    SLATE_TRY(stored_,
              Database::open({.path = options.data,
                              .generation_map_bytes = (options.map_bytes + kPage - 1) / kPage * kPage,
                              .scan_helpers = static_cast<unsigned>(options.scan_helpers)}));
    if (const auto durability = options.default_durability())
      with_default_ = std::make_unique<DurabilityDefault>(*stored_, *durability);
    pool_ = std::make_unique<net::BlockingPool>(net::BlockingPoolOptions{.threads = options.pool_threads});
    target_ = std::make_unique<DatabaseTarget>(database(), metrics_.attempt_observer());
    refresher_ = std::make_unique<Refresher>(*target_, RefresherOptions{});
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

  Result<void> listen(const ServeOptions& options, const ListenAddress& address) {
    io_ = std::make_unique<net::IoThreads>(options.io_threads);
    context_.reset(new api::ApiContext{.database = database(),
                                       .lists = *lists_,
                                       .refresher = *refresher_,
                                       .metrics = metrics_,
                                       // It listens only once storage is open and manifests are applied.
                                       .ready = []() -> Result<void> { return {}; }});
    if (options.lists_only == Switch::kOn) context_->admin_token = secret_token();
    http::ServerOptions server{.address = address.host, .port = address.port};
    server.observer = metrics_.request_observer();
    SLATE_TRY(server_, http::Server::start(std::move(server), api::make_router(*context_), *io_, *pool_));
    return {};
  }

  api::Metrics metrics_;
  std::unique_ptr<Database> stored_;
  std::unique_ptr<DurabilityDefault> with_default_;  // in front of stored_, when a default is asked for
  std::unique_ptr<DatabaseTarget> target_;
  std::unique_ptr<Refresher> refresher_;
  std::unique_ptr<ListService> lists_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<ManifestWatch> manifests_;
  std::unique_ptr<net::IoThreads> io_;
  std::unique_ptr<api::ApiContext> context_;
  std::unique_ptr<http::Server> server_;
};

Result<void> serve(const ServeOptions& options, const ListenAddress& address, Terminal& terminal) {
  raise_file_limit();
  SLATE_TRY(const auto ending, Ending::listen());
  SLATE_TRY(const auto service, Service::start(options, address));
  SLATE_TRY(const std::string counts, service->counts());
  const ListenAddress bound{.host = address.host, .port = service->port()};
  terminal.out << fmt::format("slate is serving on http://{}, data in {}, {}\n", bound.to_string(),
                              options.data, counts)
               << std::flush;
  log::info("serving", {{"address", bound.to_string()}, {"data", options.data}});
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
  const auto address = checked_address(options);
  if (!address) return command_line.usage_error(address.error().to_string(), terminal);

  log::configure(options.log_level, options.log_format);
  if (const auto served = serve(options, *address, terminal); !served)
    return failed("serve", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
