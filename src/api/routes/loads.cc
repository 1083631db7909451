#include <memory>
#include <utility>

#include "api/load_events.h"
#include "api/negotiate.h"
#include "api/parameters.h"
#include "api/render/status_json.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "model/json.h"

namespace slate::api {
namespace {

Result<http::Response> get_events(LoadEvents& events, const http::Request& request) {
  // A browser asks again when a stream has ended: this tells it that there is no more.
  if (request.headers.get("Last-Event-ID") == "end") return http::Response::empty(204);
  http::Response response;
  SLATE_TRY(response.stream, events.listen(request.param("id")));
  response.headers.set("Content-Type", "text/event-stream");
  return response;
}

Result<http::Response> get_status(const ApiContext& context, const http::Request& request) {
  SLATE_TRY(const LoadStatus load, context.refresher.status(request.param("id")));
  auto response = http::Response::json(200, json_text(load_json(load, Audience::kReaders)));
  if (load.state == LoadState::kRunning) response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace

void add_load_routes(Routes& routes, ApiContext& context) {
  const auto events = std::make_shared<LoadEvents>(context.refresher, context.timer);
  routes.add({.path = "/v1/loads/{id}",
              .id = "getLoad",
              .group = "lists",
              .summary = "How a load goes, or how it went.",
              .parameters = {&kLoadId, &kAccept, &kLastEventId},
              .replies = {{.doc = "The load.",
                           .content = {{"application/json", "Load"}, {"text/event-stream"}},
                           .headers = {"Vary"},
                           .sometimes = {"Retry-After"}},
                          {204, "The last event has been seen.", {}, {"Vary"}}},
              .problems = {Reason::kNotFound}},
             [events](ApiContext& api, http::Request& request) -> Result<http::Response> {
               SLATE_TRY(auto response, wants_events(request.headers) ? get_events(*events, request)
                                                                      : get_status(api, request));
               response.headers.set("Vary", "Accept");
               return response;
             });
}

}  // namespace slate::api
