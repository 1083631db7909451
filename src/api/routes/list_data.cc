// What grids ask for: rows, values of a column, rows by a grid's own request.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "api/conditional.h"
#include "api/negotiate.h"
#include "api/parameters.h"
#include "api/render/rows_answer.h"
#include "api/render/status_json.h"
#include "api/render/values_answer.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "query/grid_request.h"

namespace slate::api {
namespace {

namespace json = boost::json;

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

// Streams are not.
Keep keep(Format format) { return format == Format::kJson ? Keep::kYes : Keep::kNo; }

Result<Format> json_only(const http::Headers&) { return Format::kJson; }

void tell_data(http::Response& response, const Datasource& datasource, const SnapshotInfo& data,
               const Freshness& freshness) {
  response.headers.set("Slate-Freshness", std::string(freshness_word(freshness.state)));
  response.headers.set("Slate-Generation", std::to_string(data.generation));
  response.headers.set("Vary", vary_of(datasource));
}

RowsAnswer rows_answer(ListRows rows, std::stop_token stop) {
  return {.owner_kind = "list",
          .owner = std::move(rows.list.id),
          .query = std::move(rows.query),
          .count = rows.count,
          .snapshot = std::move(rows.snapshot),
          .rows = std::move(rows.rows),
          .freshness = std::move(rows.freshness),
          .plan_time = rows.plan_time,
          .options = {.stop = std::move(stop)}};
}

http::Response values_response(const ListValues& values, Int64Form form) {
  auto response = http::Response::json(
      200, values_json("list", values.list, values.field, values.values, values.freshness, form));
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  response.headers.set("Server-Timing",
                       fmt::format("plan;dur={:.3f}, exec;dur={:.3f}", milliseconds(values.plan_time),
                                   milliseconds(values.exec_time)));
  tell_data(response, values.datasource, values.data, values.freshness);
  return response;
}

// What a request to a list has in common, whatever it asks for.
ListRequest list_request(http::Request& request) {
  ListRequest list{.list = request.param("id"),
                   .parameters = std::move(request.query),
                   .headers = {request.headers.begin(), request.headers.end()},
                   .context = request_context(request),
                   .stop = request.stop};
  if (const auto wait = preferred_wait(request.headers)) list.wait = *wait;
  return list;
}

void tell_preference(http::Response& response, std::optional<std::chrono::seconds> wait) {
  if (wait) response.headers.set("Preference-Applied", "wait=" + std::to_string(wait->count()));
}

// Whether the copy may be chosen by what is a token of ours, and then is no scope header.
bool chooses_by_token(const AccessRules& rules, const Datasource& datasource) {
  return datasource.is_scoped() &&
         std::ranges::any_of(datasource.loader->scope_headers,
                             [&](const std::string& header) { return may_be_token(rules, header); });
}

// The caller's own answer, or one that is kept, where no more than a look into memory is needed to know that
// it is still right.
http::AtOnce known_answer(ApiContext& context, Result<Format> (*form)(const http::Headers&)) {
  return [&context, form](const http::Request& request) -> std::optional<http::Response> {
    const auto format = form(request.headers);
    if (!format) return std::nullopt;
    Conditional conditional(context.answers, context.database, request, media_type(*format), keep(*format));
    const auto unchanged = context.lists.peek(
        request.param("id"), std::span(request.headers.begin(), request.headers.end()),
        [&](const AnswerBasis& basis) {
          return !chooses_by_token(context.access, basis.datasource) && conditional.has_answer(basis);
        });
    if (!unchanged) return std::nullopt;
    auto response = conditional.answer();
    tell_data(response, *unchanged->datasource, unchanged->data, unchanged->freshness);
    tell_preference(response, preferred_wait(request.headers));
    return response;
  };
}

// Renders what the list gives, on the thread that read it.
using Render = std::function<Result<http::Response>(ListAnswer)>;

void open(ApiContext& context, const http::Request& request, ListRequest list, Render render,
          http::Respond respond) {
  auto done = [wait = preferred_wait(request.headers), render = std::move(render),
               respond = std::move(respond)](Result<ListAnswer> answer) mutable {
    Result<http::Response> response = !answer ? fail(std::move(answer).error())
                                      : std::holds_alternative<LoadStatus>(*answer)
                                          ? still_loading(std::get<LoadStatus>(*answer))
                                          : render(*std::move(answer));
    auto final = response ? *std::move(response) : http::Response::problem(std::move(response).error());
    tell_preference(final, wait);
    respond(std::move(final));
  };
  context.lists.open(std::move(list), std::move(done));
}

// The same for GET, where there may be an answer already.
void open(ApiContext& context, const http::Request& request, ListRequest list,
          std::shared_ptr<Conditional> conditional, Render render, http::Respond respond) {
  list.has_answer = [conditional](const AnswerBasis& basis) { return conditional->has_answer(basis); };
  open(
      context, request, std::move(list),
      [conditional, render = std::move(render)](ListAnswer answer) -> Result<http::Response> {
        if (const auto* unchanged = std::get_if<ListUnchanged>(&answer)) {
          auto response = conditional->answer();
          tell_data(response, *unchanged->datasource, unchanged->data, unchanged->freshness);
          return response;
        }
        SLATE_TRY(auto made, render(std::move(answer)));
        return conditional->finish(std::move(made));
      },
      std::move(respond));
}

Result<void> get_data(ApiContext& context, http::Request& request, http::Respond& respond) {
  SLATE_TRY(const Format format, negotiate(request.headers));
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  auto conditional = std::make_shared<Conditional>(context.answers, context.database, request,
                                                   media_type(format), keep(format));
  ListRequest list = list_request(request);
  list.paging = format == Format::kJson ? Paging::kPage : Paging::kAll;
  open(
      context, request, std::move(list), std::move(conditional),
      [format, form, stop = request.stop](ListAnswer answer) {
        return render_rows(rows_answer(std::get<ListRows>(std::move(answer)), stop), format, form);
      },
      std::move(respond));
  return {};
}

Result<void> get_values(ApiContext& context, http::Request& request, http::Respond& respond) {
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  SLATE_TRY(auto values, take_values_asked(request));
  auto conditional = std::make_shared<Conditional>(context.answers, context.database, request,
                                                   media_type(Format::kJson), Keep::kYes);
  ListRequest list = list_request(request);
  list.values = std::move(values);
  open(
      context, request, std::move(list), std::move(conditional),
      [form](const ListAnswer& answer) -> Result<http::Response> {
        return values_response(std::get<ListValues>(answer), form);
      },
      std::move(respond));
  return {};
}

// Errors of the page name what the grid calls it.
Error in_grid_words(Error error) {
  if (error.field() == "take") return std::move(error).with_field("endRow");
  if (error.field() == "skip") return std::move(error).with_field("startRow");
  return error;
}

Result<void> post_rows(ApiContext& context, http::Request& request, http::Respond& respond) {
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  SLATE_TRY(refuse_parameters(request.query, {&kSkip, &kTake, &kCursor, &kSort},
                              "the body says which rows, and in which order"));
  SLATE_TRY(const json::value body, json_body(request));
  SLATE_TRY(Query query, query_from_grid_request(body));
  ListRequest list = list_request(request);
  list.body = std::move(query);
  open(
      context, request, std::move(list),
      [form, stop = request.stop](ListAnswer answer) {
        return render_grid(rows_answer(std::get<ListRows>(std::move(answer)), stop), form);
      },
      [respond = std::move(respond)](http::Response response) mutable {
        if (response.error) response.error = in_grid_words(*std::move(response.error));
        respond(std::move(response));
      });
  return {};
}

// A handler that answers later, or at once with what it refuses.
http::Handler later(ApiContext& context, Result<void> (*begin)(ApiContext&, http::Request&, http::Respond&)) {
  return [&context, begin](http::Request request, http::Respond respond) {
    if (auto begun = begin(context, request, respond); !begun)
      respond(http::Response::problem(std::move(begun).error()));
  };
}

// What every answer with rows or values of a list may be, beside itself.
std::vector<Reply> with_loading(std::vector<Reply> replies) {
  replies.push_back({202,
                     "Nothing may be served before a load has ended, and the wait was over before it.",
                     {{"application/json", "Loading"}},
                     {"Location", "Retry-After"},
                     {"Preference-Applied"}});
  return replies;
}

const std::vector<Reason>& loading_problems() {
  static const std::vector<Reason> problems{
      Reason::kNotFound,      Reason::kUnauthenticated,    Reason::kPermissionDenied,
      Reason::kLoaderFailed,  Reason::kLoaderTimeout,      Reason::kLoaderUnavailable,
      Reason::kQuotaExceeded, Reason::kFailedPrecondition, Reason::kConflict};
  return problems;
}

std::vector<Reason> with_loading_problems(std::initializer_list<Reason> others) {
  std::vector<Reason> problems = loading_problems();
  problems.insert(problems.end(), others);
  return problems;
}

}  // namespace

void add_list_data_routes(Routes& routes, ApiContext& context) {
  const Reply unchanged{304,
                        "The caller's answer is still right.",
                        {},
                        {"ETag", "Slate-Freshness", "Slate-Generation", "Vary"},
                        {"Preference-Applied"}};
  const std::vector<std::string_view> told{"Server-Timing", "Slate-Freshness", "Slate-Generation", "Vary"};
  routes.add(
      {.path = "/v1/lists/{id}/data",
       .id = "getListData",
       .group = "lists",
       .summary = "The list's rows. Loads them first when there are none that may be served.",
       .conditions = Conditions::kTaken,
       .parameters = {&kListId, &kSkip, &kTake, &kCursor, &kSort, &kColumns, &kCount, &kFilter, &kInt64,
                      &kAccept, &kIfNoneMatch, &kPrefer},
       .replies = with_loading({{200,
                                 "A page, or a stream of all rows.",
                                 {{"application/json", "ListPage"}, {"application/x-ndjson"}, {"text/csv"}},
                                 told,
                                 {"ETag", "Preference-Applied"}},
                                unchanged}),
       .problems = with_loading_problems({Reason::kCursorExpired, Reason::kNotAcceptable})},
      later(context, get_data), http::Run::kPool, known_answer(context, negotiate));
  routes.add(
      {.path = "/v1/lists/{id}/values/{field}",
       .id = "getListValues",
       .group = "lists",
       .summary = "The distinct values of one of the list's columns, with how many rows have each.",
       .conditions = Conditions::kTaken,
       .parameters = {&kListId, &kValuesField, &kOrder, &kValuesTake, &kSearch, &kFilter, &kInt64,
                      &kIfNoneMatch, &kPrefer},
       .replies = with_loading(
           {{200, "The values.", {{"application/json", "ListValues"}}, told, {"ETag", "Preference-Applied"}},
            unchanged}),
       .problems = loading_problems()},
      later(context, get_values), http::Run::kPool, known_answer(context, json_only));
  routes.add({.method = http::Method::kPost,
              .path = "/v1/lists/{id}/rows",
              .id = "postListRows",
              .group = "lists",
              .summary = "The list's rows by the request of ag-grid's server-side row model.",
              .conditions = Conditions::kTaken,
              .parameters = {&kListId, &kColumns, &kCount, &kFilter, &kInt64, &kPrefer},
              .body = {{"application/json", "GridRequest"}},
              .replies = with_loading({{200,
                                        "The rows.",
                                        {{"application/json", "GridRows"}},
                                        {"Server-Timing", "Slate-Freshness", "Slate-Generation"},
                                        {"Preference-Applied"}}}),
              .problems = with_loading_problems({Reason::kUnimplemented, Reason::kUnsupportedMediaType})},
             later(context, post_rows));
}

}  // namespace slate::api
