// HTTP in front of a database, wherever that is: what `slate serve` and `slate api` have in common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <slate/database.h>
#include <slate/error.h>

#include "api/api.h"
#include "api/metrics.h"
#include "cli/listen_address.h"
#include "cli/manifest_watch.h"
#include "cli/serve_options.h"
#include "http/server.h"
#include "lists/list_service.h"
#include "lists/refresh_target.h"
#include "loader/refresher.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"

namespace slate::cli {

// Everything that serves, in the order in which it is made; it goes the other way round.
class HttpService {
 public:
  struct Manifests {
    std::filesystem::path folder;
    std::filesystem::path memory{};  // as of ManifestWatchOptions
    WithDatabase with_database;
  };

  // `ready`: whether requests should be sent here. Manifests are applied before it listens. The database must
  // outlive it.
  static Result<std::unique_ptr<HttpService>> start(Database& database, const ServeOptions& options,
                                                    const ListenAddress& address,
                                                    std::optional<Manifests> manifests,
                                                    std::function<Result<void>()> ready);
  ~HttpService() { stop(); }
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  // Lets what runs finish, for some seconds. Again: nothing.
  void stop();

  std::uint16_t port() const { return server_->port(); }
  // Null without manifests.
  ManifestWatch* manifests() { return manifests_.get(); }

 private:
  explicit HttpService(Database& database) : database_(database) {}
  Result<void> open(const ServeOptions& options, std::optional<Manifests> manifests);
  Result<void> listen(const ServeOptions& options, const ListenAddress& address,
                      std::function<Result<void>()> ready);

  Database& database_;
  api::Metrics metrics_;
  std::unique_ptr<DatabaseTarget> target_;
  std::unique_ptr<Refresher> refresher_;
  std::unique_ptr<ListService> lists_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<ManifestWatch> manifests_;
  std::unique_ptr<net::IoThreads> io_;
  std::unique_ptr<api::ApiContext> context_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace slate::cli
