#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <string>
#include <utility>

#include "api/negotiate.h"
#include "api/render/rows_answer.h"
#include "api/render/status_json.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "http/url.h"
#include "model/json.h"
#include "model/name.h"

namespace slate::api {
namespace {

namespace json = boost::json;

Result<http::Response> get_lists(ApiContext& context, http::Request& request) {
  SLATE_TRY(check_parameters(request, {}));
  SLATE_TRY(const auto lists, context.database.list_lists());
  SLATE_TRY(const auto datasources, context.database.list_datasources());
  std::map<std::string_view, const Datasource*> by_id;
  for (const auto& status : datasources) by_id.emplace(status.datasource.id, &status.datasource);
  json::array all;
  all.reserve(lists.size());
  for (const ListView& list : lists) {
    const auto found = by_id.find(list.datasource);
    all.push_back(list_json(list, found == by_id.end() ? nullptr : found->second));
  }
  return http::Response::json(200, json::serialize(json::object{{"lists", std::move(all)}}));
}

// The list's config, with its columns' types while its datasource is there.
Result<json::object> describe(ApiContext& context, const ListView& list) {
  auto status = context.database.get_datasource(list.datasource);
  if (!status && status.error().reason() != Reason::kNotFound) return fail(std::move(status).error());
  return list_json(list, status ? &status->datasource : nullptr);
}

Result<http::Response> get_list(ApiContext& context, http::Request& request) {
  SLATE_TRY(check_parameters(request, {}));
  SLATE_TRY(const ListView list, context.database.get_list(request.param("id")));
  SLATE_TRY(const json::object config, describe(context, list));
  return http::Response::json(200, json::serialize(config));
}

Result<http::Response> put_list(ApiContext& context, http::Request& request) {
  SLATE_TRY(check_parameters(request, {}));
  const std::string& id = request.param("id");
  SLATE_TRY(const json::value body, json_body(request));
  SLATE_TRY(ListView list, list_view_from_json(body));
  if (!list.id.empty() && list.id != id)
    return fail(Error(Reason::kInvalidArgument,
                      "the path says " + slate::quoted(id) + ", the body " + slate::quoted(list.id))
                    .with_field("id"));
  list.id = id;
  SLATE_TRY(const SavedList saved, context.database.save_list(list));
  SLATE_TRY(json::object answer, describe(context, list));
  answer["saved"] = saved_word(saved.saved);
  answer["warnings"] = json::array(saved.warnings.begin(), saved.warnings.end());
  auto response = http::Response::json(saved.saved == Saved::kCreated ? 201 : 200, json::serialize(answer));
  if (saved.saved == Saved::kCreated) response.headers.set("Location", "/v1/lists/" + http::escape(id));
  return response;
}

Result<http::Response> delete_list(ApiContext& context, http::Request& request) {
  SLATE_TRY(check_parameters(request, {}));
  SLATE_TRY(context.database.delete_list(request.param("id")));
  return http::Response::empty(204);
}

http::Response still_loading(const LoadStatus& load) {
  json::object body;
  body["state"] = "loading";
  body["rows_loaded"] = load.rows;
  body["started_at"] = time_json(load.started_at);
  body["id"] = load.id;
  auto response = http::Response::json(202, json::serialize(body));
  response.headers.set("Location", "/v1/loads/" + load.id);
  response.headers.set("Retry-After", "1");
  return response;
}

Result<http::Response> render(Result<ListAnswer> answer, Format format, Int64Form form,
                              std::stop_token stop) {
  if (!answer) return fail(std::move(answer).error());
  if (const auto* load = std::get_if<LoadStatus>(&*answer)) return still_loading(*load);
  auto& rows = std::get<ListRows>(*answer);
  return render_rows({.owner_kind = "list",
                      .owner = std::move(rows.list.id),
                      .query = std::move(rows.query),
                      .count = rows.count,
                      .snapshot = std::move(rows.snapshot),
                      .rows = std::move(rows.rows),
                      .freshness = std::move(rows.freshness),
                      .plan_time = rows.plan_time,
                      .options = {.stop = std::move(stop)}},
                     format, form);
}

void get_data(ApiContext& context, http::Request request, http::Respond respond) {
  const auto format = negotiate(request.headers);
  if (!format) return respond(http::Response::problem(format.error()));
  const auto form = take_int64_form(request.query);
  if (!form) return respond(http::Response::problem(form.error()));

  const auto wait = preferred_wait(request.headers);
  ListRequest list{.list = request.param("id"),
                   .parameters = std::move(request.query),
                   .headers = {request.headers.begin(), request.headers.end()},
                   .context = request_context(request),
                   .paging = *format == Format::kJson ? Paging::kPage : Paging::kAll,
                   .stop = request.stop};
  if (wait) list.wait = *wait;
  auto done = [wait, form = *form, format = *format, stop = request.stop,
               respond = std::move(respond)](Result<ListAnswer> answer) mutable {
    auto rendered = render(std::move(answer), format, form, std::move(stop));
    auto response = rendered ? *std::move(rendered) : http::Response::problem(std::move(rendered).error());
    if (wait) response.headers.set("Preference-Applied", "wait=" + std::to_string(wait->count()));
    respond(std::move(response));
  };
  context.lists.open(std::move(list), std::move(done));
}

}  // namespace

void add_list_routes(http::Router& router, ApiContext& context) {
  using http::Method;
  router.add(Method::kGet, "/v1/lists", guarded(context, Access::kLists, get_lists));
  router.add(Method::kGet, "/v1/lists/{id}", guarded(context, Access::kLists, get_list));
  const http::Handler data = [&context](http::Request request, http::Respond respond) {
    get_data(context, std::move(request), std::move(respond));
  };
  router.add(Method::kGet, "/v1/lists/{id}/data", guarded(context, Access::kLists, data));
  router.add(Method::kPut, "/v1/lists/{id}", administration(context, put_list));
  router.add(Method::kDelete, "/v1/lists/{id}", administration(context, delete_list));
}

}  // namespace slate::api
