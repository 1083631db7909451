// Slate over HTTP: design page 5. Wiring, as `slate serve` does it:
//
//   net::IoThreads io(2);
//   auto pool = std::make_unique<net::BlockingPool>(net::BlockingPoolOptions{.threads = 8});
//   api::Metrics metrics;
//   api::Answers answers;
//   auto database = Database::open(options);
//   DatabaseTarget target(**database);
//   Refresher refresher(target, {.observer = metrics.refresh_observer(),
//                                .attempt_observer = metrics.attempt_observer()});
//   ListService lists(**database, refresher, [&pool](ListService::Task task) {
//     return pool->submit(std::move(task), net::Admission::kAlways);  // waiters were let in, connections
//     bound them
//   });
//   api::ApiContext context{.database = **database, .lists = lists, .refresher = refresher, .metrics =
//   metrics, .answers = answers,
//                           .ready = [&]() -> Result<void> { return {}; }};
//   http::ServerOptions listen{.port = 8080};
//   listen.observer = metrics.request_observer();
//   auto server = http::Server::start(std::move(listen), api::make_router(context), io, *pool);
//   ...
//   (*server)->stop(grace);   // then, in this order:
//   refresher.shutdown();     // answers who still waits
//   pool.reset();             // runs what was queued; the rest may end in any order
//
// What clients of this server need to know beyond page 5:
//   GET  /v1/lists/{id} {"id","datasource","title","columns":[{"field","label","type","hidden"?}],"filter",
//                              "sort","page_size","max_page_size"}
//   PUT  /v1/lists/{id}        body: a manifest's `spec` (camelCase). 201/200 with the config, "saved":
//                              "created"|"changed"|"unchanged", and "warnings":[...]
//   POST /v1/datasources       body: `id` and a manifest's `spec`. 201 with what GET gives and "saved"
//   PUT  /v1/datasources/{id}  the same; a member "status", as GET gives it, is passed over
//   GET  /v1/datasources/{id}  the definition and
//   "status":{"rows","generation","data_version","loaded_at","bytes",
//                              "sharing":"shared"|"by_scope","scopes",
//                              "indexes":[{"name","state","rows_indexed"}],"last_load":{...}|null}
//   Calls that read, explain or refresh take the copy that the headers of the request name.
//   POST .../{id}/explain      body: a query.
//   {"plan":{"op","detail","estimated_rows","children"},"cost","refused",
//                              "actual","milliseconds","text"}
//   POST .../{id}/refresh      202 with what GET /v1/loads/{id} gives; ?wait=N: 200 when done within N
//   seconds
#pragma once

#include <functional>

#include <slate/clock.h>
#include <slate/database.h>

#include "api/access.h"
#include "api/answers.h"
#include "api/metrics.h"
#include "http/router.h"
#include "lists/list_service.h"
#include "loader/refresher.h"
#include "net/deadline_timer.h"

namespace slate::api {

// What the handlers use; everything is safe from any thread and outlives the server and the pool.
struct ApiContext {
  Database& database;
  ListService& lists;
  Refresher& refresher;
  Metrics& metrics;
  Answers& answers;
  // Whether requests should be sent here; the error says why not. Called on I/O threads: must not block.
  std::function<Result<void>()> ready;
  AccessRules access{};
  // For /metrics: the pool that handlers run on, and how many connections are open. Absent: not told.
  const net::BlockingPool* pool = nullptr;
  std::function<std::size_t()> connections{};
  // Likewise: connections to a database elsewhere, and the certificate that is served.
  std::function<ClientPoolStats()> clients{};
  const net::TlsContext* certificate = nullptr;
  // Of server-sent events; absent: one of the router's own. It outlives the server.
  net::DeadlineTimer* timer = nullptr;
};

// Every route. `context` must outlive the router.
http::Router make_router(ApiContext& context);

}  // namespace slate::api
