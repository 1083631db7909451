#include "api/health.h"

#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"

namespace slate::api {
namespace {

Result<http::Response> alive(ApiContext&, http::Request&) { return alive_response(); }

Result<void> is_ready(const ApiContext& context) { return context.ready ? context.ready() : Result<void>(); }

Result<http::Response> ready(ApiContext& context, http::Request&) {
  return ready_response(is_ready(context));
}

Result<http::Response> metrics(ApiContext& context, http::Request&) {
  // Whoever scrapes does not wait for a database that is away.
  Database* const database = is_ready(context) ? &context.database : nullptr;
  SLATE_TRY(std::string text, context.metrics.render({.database = database,
                                                      .refresher = &context.refresher,
                                                      .pool = context.pool,
                                                      .connections = context.connections,
                                                      .pages = &context.answers.pages(),
                                                      .clients = context.clients,
                                                      .certificate = context.certificate}));
  return metrics_response(std::move(text));
}

}  // namespace

void add_health_routes(Routes& routes, ApiContext&) {
  routes.add({.path = "/healthz",
              .id = "getHealth",
              .group = "health",
              .summary = "Whether the process is alive.",
              .access = Access::kOpen,
              .replies = {{.doc = "It is.", .content = {{"application/json", "Health"}}}}},
             alive, http::Run::kInline);
  routes.add({.path = "/readyz",
              .id = "getReadiness",
              .group = "health",
              .summary = "Whether requests should be sent here.",
              .access = Access::kOpen,
              .replies = {{.doc = "They should.", .content = {{"application/json", "Health"}}}},
              .problems = {Reason::kUnavailable}},
             ready, http::Run::kInline);
  routes.add({.path = "/metrics",
              .id = "getMetrics",
              .group = "health",
              .summary = "Metrics in Prometheus' text format.",
              .access = Access::kMetrics,
              .replies = {{.doc = "The metrics.", .content = {{"text/plain"}}}}},
             metrics, http::Run::kPoolAlways);
}

}  // namespace slate::api
