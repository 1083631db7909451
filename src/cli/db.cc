#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include <slate/database.h>

#include "api/health.h"
#include "api/metrics.h"
#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/build_info.h"
#include "cli/db_options.h"
#include "cli/tcp_metrics.h"
#include "cli/verbs.h"
#include "http/server.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "server/server.h"
#include "wire/frame.h"

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end

// Everything that serves, in the order in which it is made; it goes the other way round.
class DbService {
 public:
  static Result<std::unique_ptr<DbService>> start(const DbOptions& options, const DbEndpoints& endpoints) {
    std::unique_ptr<DbService> service(new DbService(endpoints));
    SLATE_TRY(service->open(options));
    SLATE_TRY(service->listen(options));
    if (service->endpoints_.metrics) {
      SLATE_TRY(service->listen_for_probes());
    }
    return service;
  }

  // Not ready from now on: probes tell so while what runs may finish.
  void stop() {
    is_ending_ = true;
    server_->stop(kGrace);
    if (probes_) probes_->stop(std::chrono::milliseconds(0));
  }

  Database& database() const { return store_->database(); }
  std::string addresses() const {
    std::string text = endpoints_.main.to_string();
    if (tls_) text += " under TLS";
    if (endpoints_.metrics) text += fmt::format(", metrics on http://{}", endpoints_.metrics->to_string());
    return text;
  }

 private:
  explicit DbService(const DbEndpoints& endpoints) : endpoints_(endpoints) {}

  Result<void> open(const DbOptions& options) {
    SLATE_TRY(tokens_, open_tokens(options.token_file));
    SLATE_TRY(tls_, open_tls(options.tls, wire::kAlpn));
    if (tokens_ && !tls_ && !endpoints_.main.is_loopback) warn_of_open_tokens();
    SLATE_TRY(auto store, Store::open(options.store));
    store_ = std::make_unique<Store>(std::move(store));
    io_ = std::make_unique<net::IoThreads>(options.process.io_threads);
    pool_ = std::make_unique<net::BlockingPool>(
        net::BlockingPoolOptions{.threads = options.process.pool_threads});
    return {};
  }

  Result<void> listen(const DbOptions& options) {
    server::ServerOptions server{.address = endpoints_.main.host,
                                 .port = endpoints_.main.port,
                                 .tls = tls_,
                                 .accepts_token = accepted_by(tokens_),
                                 .version = std::string(kVersion),
                                 .max_connections = options.connections.most,
                                 .client = {.connections = options.connections.most_of_client}};
    server.write_frame_bytes = static_cast<std::uint32_t>(options.max_write_bytes);
    server.total_backlog_bytes = options.max_queued_bytes;
    server.observer = tcp_metrics_.observer();
    SLATE_TRY(server_, server::Server::start(std::move(server), database(), *io_, *pool_));
    endpoints_.main.port = server_->port();
    return {};
  }

  Result<void> listen_for_probes() {
    http::Router router = api::make_health_router(
        {.ready = [this] { return ready(); }, .metrics = [this] { return metrics(); }});
    SLATE_TRY(probes_, http::Server::start({.address = endpoints_.metrics->host,
                                            .port = endpoints_.metrics->port,
                                            .observer = metrics_.request_observer()},
                                           std::move(router), *io_, *pool_));
    endpoints_.metrics->port = probes_->port();
    return {};
  }

  Result<void> ready() const {
    if (is_ending_) return fail(Reason::kUnavailable, "the process is ending");
    return {};
  }

  Result<std::string> metrics() const {
    return metrics_.render(
        {.database = &database(),
         .pool = pool_.get(),
         .certificate = tls_.get(),
         .more = [this](api::MetricFamilies& families) { tcp_metrics_.add(families, server_->stats()); }});
  }

  DbEndpoints endpoints_;                   // with the ports that were free, once it listens
  std::unique_ptr<net::TokenFile> tokens_;  // null: none are asked for
  std::shared_ptr<net::TlsContext> tls_;    // null: plain
  api::Metrics metrics_{build_info()};
  TcpMetrics tcp_metrics_;
  std::atomic<bool> is_ending_ = false;
  std::unique_ptr<Store> store_;
  std::unique_ptr<net::IoThreads> io_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<http::Server> probes_;  // null: none
};

Result<void> serve(const DbOptions& options, const DbEndpoints& endpoints, Terminal& terminal) {
  raise_file_limit();
  keep_freed_memory();
  SLATE_TRY(const auto ending, Ending::listen());
  SLATE_TRY(const auto service, DbService::start(options, endpoints));
  SLATE_TRY(const auto datasources, service->database().list_datasources());
  terminal.out << fmt::format("slate db is serving on {}, data in {}, {} datasources\n", service->addresses(),
                              options.store.data, datasources.size())
               << std::flush;
  log::info("serving", {{"address", service->addresses()}, {"data", options.store.data}});
  ending->wait();
  log::info("asked to end: finishing what runs");
  service->stop();
  return {};
}

}  // namespace

Exit run_db(std::span<const std::string> arguments, Terminal& terminal) {
  DbOptions options = DbOptions::for_cores(std::max(1U, std::thread::hardware_concurrency()));
  CommandLine command_line("db", "Serves a data folder over Slate's TCP protocol, until SIGTERM or SIGINT");
  add_db_options(command_line, options);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto endpoints = checked_endpoints(options);
  if (!endpoints) return command_line.usage_error(endpoints.error().to_string(), terminal);

  log::configure(options.process.log_level, options.process.log_format);
  if (const auto served = serve(options, *endpoints, terminal); !served)
    return failed("db", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
