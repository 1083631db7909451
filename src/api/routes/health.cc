#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"

namespace slate::api {
namespace {

Result<http::Response> alive(ApiContext&, http::Request&) {
  return http::Response::json(200, R"({"status":"alive"})");
}

Result<http::Response> ready(ApiContext& context, http::Request&) {
  if (context.ready) {
    if (auto state = context.ready(); !state)
      return fail(Error(Reason::kUnavailable, "not ready: " + state.error().to_string()).with_retry_after(1));
  }
  return http::Response::json(200, R"({"status":"ready"})");
}

Result<http::Response> metrics(ApiContext& context, http::Request&) {
  SLATE_TRY(std::string text, context.metrics.render({.database = context.database,
                                                      .refresher = &context.refresher,
                                                      .pool = context.pool,
                                                      .connections = context.connections,
                                                      .pages = &context.answers.pages()}));
  http::Response response = http::Response::text(200, std::move(text));
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
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
             ready);
  routes.add({.path = "/metrics",
              .id = "getMetrics",
              .group = "health",
              .summary = "Metrics in Prometheus' text format.",
              .access = Access::kMetrics,
              .replies = {{.doc = "The metrics.", .content = {{"text/plain"}}}}},
             metrics);
}

}  // namespace slate::api
