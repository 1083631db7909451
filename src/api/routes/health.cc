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
                                                      .connections = context.connections}));
  http::Response response = http::Response::text(200, std::move(text));
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace

void add_health_routes(http::Router& router, ApiContext& context) {
  using http::Method;
  router.add(Method::kGet, "/healthz", handler(context, alive), http::Run::kInline);
  router.add(Method::kGet, "/readyz", handler(context, ready));
  router.add(Method::kGet, "/metrics", guarded(context, Access::kMetrics, metrics));
}

}  // namespace slate::api
