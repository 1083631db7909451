#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <slate/pool.h>

#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/http_service.h"
#include "cli/process.h"
#include "cli/remote_target.h"
#include "cli/serve_options.h"
#include "cli/verbs.h"
#include "client/address.h"

namespace slate::cli {
namespace {

constexpr std::chrono::milliseconds kReachable{1'000};  // that a question whether it can be reached may take
constexpr std::chrono::milliseconds kLookEvery{1'000};
constexpr std::size_t kLoads = 8;  // refreshes that run at once, or wait; each has a connection

bool token_crosses_network(const ClientOptions& client) {
  if (client.token_file.empty() || client.tls) return false;
  const auto addresses = client::parse_addresses(client.address);
  return addresses && !std::ranges::all_of(*addresses, [](const client::Address& each) {
           const auto here = parse_listen_address(each.to_string());
           return here && here->is_loopback;
         });
}

// A database behind connections, and HTTP in front of it.
class ApiService {
 public:
  static Result<std::unique_ptr<ApiService>> start(const ApiOptions& options, const Endpoints& endpoints) {
    std::unique_ptr<ApiService> service(new ApiService());
    SLATE_TRY(service->open(options, endpoints));
    return service;
  }
  ~ApiService() { stop(); }

  void stop() {
    watcher_ = {};
    if (http_) http_->stop();
    // Requests may have met an empty database, which gets the manifests: they are http_'s, and outlive this.
    if (pool_) pool_->close();
  }
  std::string addresses() const { return http_->addresses(); }

 private:
  ApiService() = default;

  Result<void> open(const ApiOptions& options, const Endpoints& endpoints) {
    SLATE_TRY(ClientOptions client, checked_client(options));
    if (token_crosses_network(client))
      log::warning("the token for the database crosses the network in the clear: give --db-tls");
    ClientPoolOptions pool{.client = std::move(client),
                           .size = options.connections == 0 ? 2 * options.http.process.pool_threads + kLoads
                                                            : options.connections,
                           .checkout_timeout = std::chrono::milliseconds(2'000)};
    // An empty database gets its datasources and lists before anybody asks it for one.
    pool.on_new_instance = [this](Database& database, const std::string& instance) -> Result<void> {
      log::info("connected to the database", {{"instance", instance}});
      ManifestWatch* manifests = manifests_;
      if (manifests == nullptr) return {};
      return manifests->apply_to(database);
    };
    SLATE_TRY(pool_, ClientPool::create(std::move(pool)));
    database_ = make_remote_database(*pool_);
    target_ = std::make_unique<RemoteTarget>(*pool_, *database_);
    std::optional<HttpService::Manifests> manifests;
    if (options.http.manifests.empty())
      static_cast<void>(look());
    else
      manifests = {.folder = options.http.manifests,
                   .with_database = [this](const auto& use) { return with_database(use); }};
    SLATE_TRY(http_, HttpService::start(
                         *database_, *target_, options.http, endpoints, std::move(manifests),
                         [this] { return last_look(); }, [this] { return pool_->stats(); }));
    manifests_ = http_->manifests();
    watcher_ = std::jthread([this](const std::stop_token& stop) { look_after_database(stop); });
    return {};
  }

  // On a connection of its own, so that meeting a new instance has happened before.
  Result<void> with_database(const std::function<Result<void>(Database&)>& use) {
    auto client = pool_->checkout(kReachable);
    if (!client) return remember(fail(std::move(client).error()));
    static_cast<void>(remember({}));
    return use(*make_remote_database(**client));
  }

  // Whether the database can be reached.
  Result<void> look() {
    const auto client = pool_->checkout(kReachable);
    if (!client) return remember(fail(client.error()));
    return remember((*client)->ping({.deadline = std::chrono::steady_clock::now() + kReachable}).get());
  }
  Result<void> remember(Result<void> reached) {
    const std::lock_guard lock(look_mutex_);
    return last_look_ = std::move(reached);
  }
  // Asks nobody, so that probes and metrics are answered at once whatever becomes of the database.
  Result<void> last_look() const {
    const std::lock_guard lock(look_mutex_);
    return last_look_;
  }

  // A database that comes back is met, and gets what it is owed, though nobody asks for anything.
  void look_after_database(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    do {
      if (look() && manifests_ != nullptr) manifests_.load()->apply_owed();
    } while (!wake.wait_for(lock, stop, kLookEvery, [&] { return stop.stop_requested(); }));
  }

  mutable std::mutex look_mutex_;
  Result<void> last_look_;  // guarded by look_mutex_
  std::unique_ptr<ClientPool> pool_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RemoteTarget> target_;
  std::atomic<ManifestWatch*> manifests_ = nullptr;  // http_'s, once it has started
  std::unique_ptr<HttpService> http_;
  std::jthread watcher_;
};

Result<void> serve(const ApiOptions& options, const Endpoints& endpoints, Terminal& terminal) {
  raise_file_limit();
  keep_freed_memory();
  SLATE_TRY(const auto ending, Ending::listen());
  SLATE_TRY(const auto service, ApiService::start(options, endpoints));
  terminal.out << fmt::format("slate is serving on {}, database at {}\n", service->addresses(),
                              options.database)
               << std::flush;
  log::info("serving", {{"address", service->addresses()}, {"database", options.database}});
  ending->wait();
  log::info("asked to end: finishing what runs");
  service->stop();
  return {};
}

}  // namespace

Exit run_api(std::span<const std::string> arguments, Terminal& terminal) {
  ApiOptions options{.http = ServeOptions::for_cores(std::max(1U, std::thread::hardware_concurrency()))};
  CommandLine command_line(
      "api", "Serves lists and datasources over HTTP from a database elsewhere, until SIGTERM or SIGINT");
  add_api_options(command_line, options);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto endpoints = checked_endpoints(options.http);
  if (!endpoints) return command_line.usage_error(endpoints.error().to_string(), terminal);
  if (const auto client = checked_client(options); !client)
    return command_line.usage_error(client.error().to_string(), terminal);

  log::configure(options.http.process.log_level, options.http.process.log_format);
  if (const auto served = serve(options, *endpoints, terminal); !served)
    return failed("api", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
