#include <boost/json/array.hpp>
#include <map>
#include <string>
#include <utility>

#include "api/parameters.h"
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

Result<http::Response> get_lists(ApiContext& context, http::Request&) {
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
  return http::Response::json(200, json_text(json::object{{"lists", std::move(all)}}));
}

// The list's config, with its columns' types while its datasource is there.
Result<json::object> describe(ApiContext& context, const ListView& list) {
  auto status = context.database.get_datasource(list.datasource);
  if (!status && status.error().reason() != Reason::kNotFound) return fail(std::move(status).error());
  return list_json(list, status ? &status->datasource : nullptr);
}

Result<http::Response> get_list(ApiContext& context, http::Request& request) {
  SLATE_TRY(const ListView list, context.database.get_list(request.param("id")));
  SLATE_TRY(const json::object config, describe(context, list));
  return http::Response::json(200, json_text(config));
}

void rename_member(json::object& body, std::string_view told, std::string_view declared) {
  const auto* value = body.if_contains(told);
  if (value == nullptr || body.contains(declared)) return;
  json::value kept = *value;
  body.erase(told);
  body.emplace(declared, std::move(kept));
}

// A column's type is that of its field, and its label the field's path unless it has another.
void take_back_column(json::value& column) {
  auto* object = column.if_object();
  if (object == nullptr) return;
  object->erase("type");
  const auto* label = object->if_contains("label");
  const auto* field = object->if_contains("field");
  if (label != nullptr && field != nullptr && *label == *field) object->erase("label");
}

// A config as GET gives it may come back changed: what is told becomes what is declared.
Result<ListView> read_definition(const http::Request& request) {
  SLATE_TRY(json::object body, json_object_body(request));
  body.erase("saved");
  body.erase("warnings");
  rename_member(body, "page_size", "pageSize");
  rename_member(body, "max_page_size", "maxPageSize");
  if (const auto* filter = body.if_contains("filter"); filter != nullptr && filter->is_null())
    body.erase("filter");
  if (auto* columns = body.if_contains("columns"); columns != nullptr && columns->is_array())
    for (json::value& column : columns->get_array()) take_back_column(column);
  return list_view_from_json(std::move(body));
}

Result<http::Response> put_list(ApiContext& context, http::Request& request) {
  const std::string& id = request.param("id");
  SLATE_TRY(ListView list, read_definition(request));
  if (!list.id.empty() && list.id != id)
    return fail(Error(Reason::kInvalidArgument,
                      "the path says " + slate::quoted(id) + ", the body " + slate::quoted(list.id))
                    .with_field("id"));
  list.id = id;
  SLATE_TRY(const SavedList saved, context.database.save_list(list));
  SLATE_TRY(json::object answer, describe(context, list));
  answer["saved"] = saved_word(saved.saved);
  answer["warnings"] = json::array(saved.warnings.begin(), saved.warnings.end());
  auto response = http::Response::json(saved.saved == Saved::kCreated ? 201 : 200, json_text(answer));
  if (saved.saved == Saved::kCreated) response.headers.set("Location", "/v1/lists/" + http::escape(id));
  return response;
}

Result<http::Response> delete_list(ApiContext& context, http::Request& request) {
  SLATE_TRY(context.database.delete_list(request.param("id")));
  return http::Response::empty(204);
}

}  // namespace

void add_list_routes(Routes& routes, ApiContext&) {
  using http::Method;
  const Content list{"application/json", "List"};
  const Content saved{"application/json", "SavedList"};
  routes.add({.path = "/v1/lists",
              .id = "getLists",
              .group = "lists",
              .summary = "Every list's configuration, by id.",
              .replies = {{200, "All of them.", {{"application/json", "Lists"}}}}},
             get_lists);
  routes.add({.path = "/v1/lists/{id}",
              .id = "getList",
              .group = "lists",
              .summary = "One list's configuration.",
              .parameters = {&kListId},
              .replies = {{200, "The list.", {list}}},
              .problems = {Reason::kNotFound}},
             get_list);
  routes.add({.method = Method::kPut,
              .path = "/v1/lists/{id}",
              .id = "putList",
              .group = "lists as resources",
              .summary = "Saves a list. The warnings name the indexes that its filter and sort lack.",
              .access = Access::kAdministration,
              .parameters = {&kListId},
              .body = {{"application/json", "ListDefinition"}},
              .replies = {{200, "Changed, or as it was.", {saved}}, {201, "Created.", {saved}, {"Location"}}},
              .problems = {Reason::kNotFound, Reason::kUnsupportedMediaType}},
             put_list);
  routes.add({.method = Method::kDelete,
              .path = "/v1/lists/{id}",
              .id = "deleteList",
              .group = "lists as resources",
              .summary = "Removes a list; its datasource stays.",
              .access = Access::kAdministration,
              .parameters = {&kListId},
              .replies = {{204, "It is gone."}},
              .problems = {Reason::kNotFound}},
             delete_list);
}

}  // namespace slate::api
