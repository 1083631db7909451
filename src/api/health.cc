#include "api/health.h"

#include <utility>

#include "base/try.h"

namespace slate::api {
namespace {

void answer(http::Respond& respond, Result<http::Response> response) {
  respond(response ? *std::move(response) : http::Response::problem(std::move(response).error()));
}

}  // namespace

http::Response alive_response() { return http::Response::json(200, R"({"status":"alive"})"); }

Result<http::Response> ready_response(const Result<void>& ready) {
  if (!ready)
    return fail(Error(Reason::kUnavailable, "not ready: " + ready.error().to_string()).with_retry_after(1));
  return http::Response::json(200, R"({"status":"ready"})");
}

http::Response metrics_response(std::string text) {
  http::Response response = http::Response::text(200, std::move(text));
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

http::Router make_health_router(HealthSources sources) {
  http::Router router;
  router.add(
      http::Method::kGet, "/healthz",
      [](const http::Request&, http::Respond respond) { respond(alive_response()); }, http::Run::kInline);
  router.add(
      http::Method::kGet, "/readyz",
      [ready = std::move(sources.ready)](const http::Request&, http::Respond respond) {
        answer(respond, ready_response(ready()));
      },
      http::Run::kInline);
  router.add(
      http::Method::kGet, "/metrics",
      [metrics = std::move(sources.metrics)](const http::Request&, http::Respond respond) {
        auto text = metrics();
        if (!text) return answer(respond, fail(std::move(text).error()));
        answer(respond, metrics_response(*std::move(text)));
      },
      http::Run::kPoolAlways);
  return router;
}

}  // namespace slate::api
