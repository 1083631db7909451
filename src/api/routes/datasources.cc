#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>

#include "api/parameters.h"
#include "api/render/status_json.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "http/url.h"
#include "lists/forwarded_headers.h"
#include "model/json.h"
#include "model/name.h"

namespace slate::api {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

Result<json::object> describe(ApiContext& context, std::string_view id) {
  SLATE_TRY(const DatasourceStatus status, context.database.get_datasource(id));
  return datasource_json(status, context.refresher.latest(id));
}

// A definition as GET gives it may come back changed: what only Slate knows is passed over.
Result<Datasource> read_definition(const http::Request& request) {
  SLATE_TRY(json::object body, json_object_body(request));
  body.erase("status");
  body.erase("saved");
  return datasource_from_json(std::move(body));
}

Result<http::Response> answer_saved(ApiContext& context, const std::string& id, Saved saved) {
  SLATE_TRY(json::object answer, describe(context, id));
  answer["saved"] = saved_word(saved);
  auto response = http::Response::json(saved == Saved::kCreated ? 201 : 200, json_text(answer));
  if (saved == Saved::kCreated) response.headers.set("Location", "/v1/datasources/" + http::escape(id));
  return response;
}

Result<http::Response> create(ApiContext& context, http::Request& request) {
  SLATE_TRY(const Datasource datasource, read_definition(request));
  SLATE_TRY(const Saved saved, context.database.save_datasource(datasource, Existing::kRefuse));
  return answer_saved(context, datasource.id, saved);
}

Result<http::Response> get_all(ApiContext& context, http::Request&) {
  SLATE_TRY(const auto datasources, context.database.list_datasources());
  json::array all;
  all.reserve(datasources.size());
  for (const DatasourceStatus& status : datasources)
    all.push_back(datasource_json(status, context.refresher.latest(status.datasource.id)));
  return http::Response::json(200, json_text(json::object{{"datasources", std::move(all)}}));
}

Result<http::Response> get_one(ApiContext& context, http::Request& request) {
  SLATE_TRY(const json::object answer, describe(context, request.param("id")));
  return http::Response::json(200, json_text(answer));
}

Result<http::Response> put(ApiContext& context, http::Request& request) {
  const std::string& id = request.param("id");
  SLATE_TRY(Datasource datasource, read_definition(request));
  if (!datasource.id.empty() && datasource.id != id)
    return fail(Error(Reason::kInvalidArgument,
                      "the path says " + slate::quoted(id) + ", the body " + slate::quoted(datasource.id))
                    .with_field("id"));
  datasource.id = id;
  SLATE_TRY(const Saved saved, context.database.save_datasource(datasource));
  return answer_saved(context, id, saved);
}

Result<http::Response> remove(ApiContext& context, http::Request& request) {
  SLATE_TRY(const bool cascade, flag_parameter(request, kCascade));
  const std::string& id = request.param("id");
  SLATE_TRY(context.database.delete_datasource(id, cascade ? Dependents::kCascade : Dependents::kRefuse));
  context.refresher.forget(id);
  return http::Response::empty(204);
}

http::Response answer_load(const LoadStatus& load) {
  if (load.state == LoadState::kFailed) return http::Response::problem(*load.error);
  const bool running = load.state == LoadState::kRunning;
  auto response =
      http::Response::json(running ? 202 : 200, json_text(load_json(load, Audience::kAdministration)));
  response.headers.set("Location", "/v1/loads/" + load.id);
  if (running) response.headers.set("Retry-After", "1");
  return response;
}

// Always asks the loader again. Without `wait` the answer comes at once; with it, when the load has ended, or
// after so many seconds (60 when it has no value).
Result<void> refresh(ApiContext& context, http::Request& request, http::Respond& respond) {
  std::uint64_t seconds = 0;
  if (request.query_value("wait") == "") {
    seconds = kLongestWait;
  } else {
    SLATE_TRY(const auto wait, number_parameter(request, kWait));
    seconds = wait.value_or(0);
  }
  SLATE_TRY(CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  const Datasource& datasource = copy.snapshot->datasource();
  if (!datasource.loader)
    return fail(Reason::kFailedPrecondition, "datasource " + slate::quoted(datasource.id) + " has no loader");

  const NamedTexts headers(request.headers.begin(), request.headers.end());
  RefreshRequest load{.scope = std::move(copy.scope),
                      .metadata = forwarded_headers(*datasource.loader, headers),
                      .context = request_context(request),
                      .trigger = Trigger::kForced,
                      .seen_generation = copy.snapshot->info().generation,
                      .give_up = SteadyClock::now() + std::chrono::seconds(seconds)};
  context.refresher.refresh(
      datasource, std::move(load),
      [respond = std::move(respond)](const LoadStatus& ended) mutable { respond(answer_load(ended)); });
  return {};
}

}  // namespace

void add_datasource_routes(Routes& routes, ApiContext& context) {
  using http::Method;
  const Content datasource{"application/json", "Datasource"};
  const Content definition{"application/json", "DatasourceDefinition"};
  const Content saved{"application/json", "SavedDatasource"};
  const Content load{"application/json", "Load"};
  constexpr auto kAccess = Access::kAdministration;
  routes.add({.method = Method::kPost,
              .path = "/v1/datasources",
              .id = "createDatasource",
              .group = "datasources",
              .summary = "Creates a datasource.",
              .access = kAccess,
              .body = {definition},
              .replies = {{201, "Created.", {saved}, {"Location"}}},
              .problems = {Reason::kAlreadyExists, Reason::kUnsupportedMediaType}},
             create);
  routes.add({.path = "/v1/datasources",
              .id = "getDatasources",
              .group = "datasources",
              .summary = "Every datasource with its status, by id.",
              .access = kAccess,
              .replies = {{200, "All of them.", {{"application/json", "Datasources"}}}}},
             get_all);
  routes.add({.path = "/v1/datasources/{id}",
              .id = "getDatasource",
              .group = "datasources",
              .summary = "One datasource with its status.",
              .access = kAccess,
              .parameters = {&kDatasourceId},
              .replies = {{200, "The datasource.", {datasource}}},
              .problems = {Reason::kNotFound}},
             get_one);
  routes.add({.method = Method::kPut,
              .path = "/v1/datasources/{id}",
              .id = "putDatasource",
              .group = "datasources",
              .summary = "Creates or changes a datasource.",
              .access = kAccess,
              .parameters = {&kDatasourceId},
              .body = {definition},
              .replies = {{200, "Changed, or as it was.", {saved}}, {201, "Created.", {saved}, {"Location"}}},
              .problems = {Reason::kInUse, Reason::kFailedPrecondition, Reason::kUnsupportedMediaType}},
             put);
  routes.add({.method = Method::kDelete,
              .path = "/v1/datasources/{id}",
              .id = "deleteDatasource",
              .group = "datasources",
              .summary = "Removes a datasource with its records.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kCascade},
              .replies = {{204, "It is gone."}},
              .problems = {Reason::kNotFound, Reason::kInUse}},
             remove);
  const http::Handler refresh_handler = [&context](http::Request request, http::Respond respond) {
    if (auto begun = refresh(context, request, respond); !begun)
      respond(http::Response::problem(std::move(begun).error()));
  };
  routes.add({.method = Method::kPost,
              .path = "/v1/datasources/{id}/refresh",
              .id = "refreshDatasource",
              .group = "datasources",
              .summary = "Calls the loader, whatever the age of the data.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kWait},
              .replies = {{200, "The load has ended well.", {load}, {"Location"}},
                          {202, "The load runs.", {load}, {"Location", "Retry-After"}}},
              .problems = {Reason::kNotFound, Reason::kFailedPrecondition, Reason::kUnauthenticated,
                           Reason::kPermissionDenied, Reason::kLoaderFailed, Reason::kLoaderTimeout,
                           Reason::kLoaderUnavailable}},
             refresh_handler);
}

}  // namespace slate::api
