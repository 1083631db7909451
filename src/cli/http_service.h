// HTTP in front of a database, wherever that is: what `slate serve` and `slate api` have in common.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <slate/database.h>
#include <slate/error.h>
#include <slate/pool.h>

#include "api/answers.h"
#include "api/api.h"
#include "api/metrics.h"
#include "cli/build_info.h"
#include "cli/listen_address.h"
#include "cli/manifest_watch.h"
#include "cli/serve_options.h"
#include "http/server.h"
#include "lists/list_service.h"
#include "loader/refresher.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/tls_context.h"
#include "net/token_file.h"

namespace slate::cli {

// Everything that serves, in the order in which it is made; it goes the other way round.
class HttpService {
 public:
  struct Manifests {
    std::filesystem::path folder;
    std::filesystem::path memory{};  // as of ManifestWatchOptions
    WithDatabase with_database;
  };

  // `ready`: whether requests should be sent here; must not block. `clients`: connections to a database
  // elsewhere. Manifests are applied before it listens. The database, and `target` where loads of it go, must
  // outlive it.
  static Result<std::unique_ptr<HttpService>> start(Database& database, RefreshTarget& target,
                                                    const ServeOptions& options, const Endpoints& endpoints,
                                                    std::optional<Manifests> manifests,
                                                    std::function<Result<void>()> ready,
                                                    std::function<ClientPoolStats()> clients = {});
  ~HttpService() { stop(); }
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  // Lets what runs finish, for some seconds. Manifests are looked after until the end of this object. Again:
  // nothing.
  void stop();

  // Where it listens, for people: "http://127.0.0.1:8080, administration on http://127.0.0.1:8081".
  std::string addresses() const;
  // Null without manifests. Lives as long as this.
  ManifestWatch* manifests() { return manifests_.get(); }

 private:
  HttpService(Database& database, RefreshTarget& target, const Endpoints& endpoints)
      : database_(database), target_(target), endpoints_(endpoints) {}
  Result<void> read_secrets(const ServeOptions& options);
  Result<void> open(const ServeOptions& options, std::optional<Manifests> manifests);
  Result<void> listen(const ServeOptions& options, const std::function<Result<void>()>& ready);
  std::unique_ptr<api::ApiContext> make_context(api::AccessRules rules, std::function<Result<void>()> ready);
  Result<std::unique_ptr<http::Server>> listen(const ServeOptions& options, ListenAddress& address,
                                               api::ApiContext& context);
  std::size_t connections() const;

  Database& database_;
  RefreshTarget& target_;
  Endpoints endpoints_;  // with the ports that were free, once it listens
  std::unique_ptr<net::TokenFile> list_tokens_, admin_tokens_;  // null: none are asked for
  std::shared_ptr<net::TlsContext> tls_;                        // null: plain
  std::function<ClientPoolStats()> clients_;                    // empty: the database is in this process
  api::Metrics metrics_{build_info()};
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

}  // namespace slate::cli
