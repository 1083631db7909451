#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include <slate/database.h>

#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/build_info.h"
#include "cli/db_options.h"
#include "cli/durability_default.h"
#include "cli/process.h"
#include "cli/verbs.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/token_file.h"
#include "server/server.h"

namespace slate::cli {
namespace {

constexpr std::chrono::seconds kGrace{10};  // for requests that run when the server is asked to end
constexpr std::uint64_t kPage = std::uint64_t{2} << 20;

Result<void> serve_tcp(const DbOptions& options, const ListenAddress& address, Terminal& terminal) {
  raise_file_limit();
  keep_freed_memory();
  SLATE_TRY(const auto ending, Ending::listen());
  server::ServerOptions server{
      .address = address.host, .port = address.port, .version = std::string(kVersion)};
  server.max_connections = options.max_connections;
  server.write_frame_bytes = static_cast<std::uint32_t>(options.max_write_bytes);
  // They go the other way round.
  std::unique_ptr<net::TokenFile> tokens;
  if (!options.token_file.empty()) {
    SLATE_TRY(tokens, net::TokenFile::open(options.token_file));
    server.accepts_token = [&tokens](std::string_view token) { return tokens->accepts(token); };
  }
  SLATE_TRY(const auto stored,
            Database::open({.path = options.data,
                            .generation_map_bytes = (options.map_bytes + kPage - 1) / kPage * kPage,
                            .scan_helpers = static_cast<unsigned>(options.scan_helpers)}));
  std::unique_ptr<DurabilityDefault> with_default;
  if (const auto durability = options.default_durability())
    with_default = std::make_unique<DurabilityDefault>(*stored, *durability);
  Database& database = with_default ? static_cast<Database&>(*with_default) : *stored;
  net::IoThreads io(options.io_threads);
  net::BlockingPool pool({.threads = options.pool_threads});
  SLATE_TRY(const auto running, server::Server::start(std::move(server), database, io, pool));

  SLATE_TRY(const auto datasources, database.list_datasources());
  const ListenAddress bound{.host = address.host, .port = running->port()};
  terminal.out << fmt::format("slate db is serving on {}, data in {}, {} datasources\n", bound.to_string(),
                              options.data, datasources.size())
               << std::flush;
  log::info("serving", {{"address", bound.to_string()}, {"data", options.data}});
  ending->wait();
  log::info("asked to end: finishing what runs");
  running->stop(kGrace);
  return {};
}

}  // namespace

Exit run_db(std::span<const std::string> arguments, Terminal& terminal) {
  DbOptions options = DbOptions::for_cores(std::max(1U, std::thread::hardware_concurrency()));
  CommandLine command_line("db", "Serves a data folder over Slate's TCP protocol, until SIGTERM or SIGINT");
  add_db_options(command_line, options);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto address = checked_address(options);
  if (!address) return command_line.usage_error(address.error().to_string(), terminal);

  log::configure(options.log_level, options.log_format);
  if (const auto served = serve_tcp(options, *address, terminal); !served)
    return failed("db", served.error(), terminal);
  log::info("ended");
  return Exit::kOk;
}

}  // namespace slate::cli
