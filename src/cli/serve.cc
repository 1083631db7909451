#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <thread>

#include <slate/database.h>

#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/http_service.h"
#include "cli/process.h"
#include "cli/serve_options.h"
#include "cli/verbs.h"
#include "lists/refresh_target.h"

namespace slate::cli {
namespace {

Result<std::string> counts_of(Database& database) {
  SLATE_TRY(const auto datasources, database.list_datasources());
  SLATE_TRY(const auto lists, database.list_lists());
  return fmt::format("{} datasources, {} lists", datasources.size(), lists.size());
}

Result<void> serve(const ServeOptions& options, const Endpoints& endpoints, Terminal& terminal) {
  raise_file_limit();
  keep_freed_memory();
  SLATE_TRY(const auto ending, Ending::listen());
  SLATE_TRY(const Store store, Store::open(options.store));
  Database& database = store.database();
  DatabaseTarget target(database);
  std::optional<HttpService::Manifests> manifests;
  if (!options.manifests.empty())
    manifests = {.folder = options.manifests,
                 .memory = std::filesystem::path(options.store.data) / "manifests.json",
                 .with_database = [&database](const auto& use) { return use(database); }};
  // It listens only once storage is open and manifests are applied.
  SLATE_TRY(const auto service, HttpService::start(database, target, options, endpoints, std::move(manifests),
                                                   []() -> Result<void> { return {}; }));
  SLATE_TRY(const std::string counts, counts_of(database));
  terminal.out << fmt::format("slate is serving on {}, data in {}, {}\n", service->addresses(),
                              options.store.data, counts)
               << std::flush;
  log::info("serving", {{"address", service->addresses()}, {"data", options.store.data}});
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

  log::configure(options.process.log_level, options.process.log_format);
  if (const auto served = serve(options, *endpoints, terminal); !served)
    return failed("serve", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
