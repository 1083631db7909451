#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/conditional.h"
#include "api/negotiate.h"
#include "api/parameters.h"
#include "api/render/rows_answer.h"
#include "api/render/values_answer.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "lists/value_search.h"
#include "model/json.h"
#include "model/schema.h"
#include "query/limits.h"
#include "query/query_json.h"
#include "query/url_query.h"

namespace slate::api {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kPageSize = 200;  // of a JSON answer, unless `take` says otherwise

// A JSON answer is put together in memory; streams need no bound.
Result<void> bound_page(Query& query, Format format) {
  if (format != Format::kJson) return {};
  if (!query.take) query.take = kPageSize;
  if (*query.take <= kMostPageSize) return {};
  return fail(Error(Reason::kInvalidArgument,
                    fmt::format("a page has at most {} rows, got {}", kMostPageSize, *query.take))
                  .with_field("take")
                  .with_hint("application/x-ndjson and text/csv give any number"));
}

struct Asked {
  std::unique_ptr<Snapshot> snapshot;
  Query query;
  CountMode count;
  SteadyClock::time_point began;
};

// Streams are not counted.
CountMode usual_count(Format format) { return format == Format::kJson ? kPageCount : CountMode{}; }

http::Response told(http::Response response, const Datasource& datasource, const SnapshotInfo& data) {
  response.headers.set("Slate-Generation", std::to_string(data.generation));
  response.headers.set("Vary", vary_of(datasource));
  return response;
}

Result<http::Response> answer(http::Request& request, Asked asked, Format format, Int64Form form) {
  SLATE_TRY(bound_page(asked.query, format));
  const QueryOptions options{.stop = request.stop};
  SLATE_TRY(auto rows, asked.snapshot->query(asked.query, options));
  return render_rows({.owner_kind = "datasource",
                      .owner = asked.snapshot->datasource().id,
                      .query = std::move(asked.query),
                      .count = asked.count,
                      .snapshot = std::move(asked.snapshot),
                      .rows = std::move(rows),
                      .plan_time = SteadyClock::now() - asked.began,
                      .options = options},
                     format, form);
}

Result<http::Response> get_records(ApiContext& context, http::Request& request) {
  SLATE_TRY(const Format format, negotiate(request.headers));
  Conditional conditional(context.answers, context.database, request, media_type(format), Keep::kNo);
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  Asked asked{.began = SteadyClock::now()};
  SLATE_TRY(CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  asked.snapshot = std::move(copy.snapshot);
  const Datasource& datasource = asked.snapshot->datasource();
  const SnapshotInfo data = asked.snapshot->info();
  if (conditional.has_answer(datasource, data)) return told(conditional.answer(), datasource, data);
  const Schema schema = make_schema(datasource, nullptr);
  SLATE_TRY(UrlQuery url, query_from_url(request.query, {.schema = schema}));
  SLATE_TRY(asked.count, parse_count(url.count, usual_count(format)));
  asked.query = std::move(url.query);
  asked.query.cursor = std::move(url.cursor);
  SLATE_TRY(auto response, answer(request, std::move(asked), format, form));
  return conditional.finish(std::move(response));
}

Result<http::Response> get_values(ApiContext& context, http::Request& request) {
  Conditional conditional(context.answers, context.database, request, media_type(Format::kJson), Keep::kNo);
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  SLATE_TRY(ValuesAsked asked, take_values_asked(request));
  SLATE_TRY(const CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  Snapshot& snapshot = *copy.snapshot;
  const Datasource& datasource = snapshot.datasource();
  const SnapshotInfo data = snapshot.info();
  if (conditional.has_answer(datasource, data)) return told(conditional.answer(), datasource, data);
  const Schema schema = make_schema(datasource, nullptr);
  DistinctQuery query{.field = std::move(asked.field), .order = asked.order, .take = asked.take};
  SLATE_TRY(UrlQuery url, query_from_url(request.query, {.schema = schema}));
  query.filter = std::move(url.query.filter);
  if (asked.search) {
    SLATE_TRY(Filter searched, value_search(schema, query.field, *std::move(asked.search)));
    query.filter =
        query.filter ? Filter::all_of({*std::move(query.filter), std::move(searched)}) : std::move(searched);
  }
  SLATE_TRY(const auto values, snapshot.distinct(query, {.stop = request.stop}));
  auto response = http::Response::json(
      200, values_json("datasource", datasource.id, query.field, values, std::nullopt, form));
  return conditional.finish(told(std::move(response), datasource, data));
}

// No body is the query for everything.
Result<Query> query_body(const http::Request& request) {
  if (request.body.empty()) return Query{};
  SLATE_TRY(const json::value body, json_body(request));
  return query_from_json(body);
}

Result<http::Response> post_query(ApiContext& context, http::Request& request) {
  SLATE_TRY(const Format format, negotiate(request.headers));
  SLATE_TRY(const Int64Form form, take_int64_form(request.query));
  Asked asked{.began = SteadyClock::now()};
  SLATE_TRY(asked.query, query_body(request));
  const auto count = request.query_value("count");
  SLATE_TRY(asked.count,
            parse_count(count ? std::optional(std::string(*count)) : std::nullopt, usual_count(format)));
  SLATE_TRY(CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  asked.snapshot = std::move(copy.snapshot);
  return answer(request, std::move(asked), format, form);
}

json::value number_json(std::optional<double> number) {
  return number ? json::value(*number) : json::value();
}

json::object node_json(const PlanNode& node) {
  json::array children;
  children.reserve(node.children.size());
  for (const PlanNode& child : node.children) children.push_back(node_json(child));
  json::object object;
  object["op"] = node.op;
  object["detail"] = node.detail;
  object["estimated_rows"] = number_json(node.estimated_rows);
  object["children"] = std::move(children);
  return object;
}

json::value counters_json(const std::optional<QueryCounters>& counters) {
  if (!counters) return nullptr;
  json::object object;
  object["keys_examined"] = counters->keys_examined;
  object["blocks_examined"] = counters->blocks_examined;
  object["blocks_skipped"] = counters->blocks_skipped;
  object["rows_examined"] = counters->rows_examined;
  object["rows_returned"] = counters->rows_returned;
  object["runs_spilled"] = counters->runs_spilled;
  return object;
}

// A line a step, the last one first, each indented by its depth.
void append_tree(std::string& text, const PlanNode& node, std::size_t depth) {
  text.append(2 * depth, ' ');
  text += node.op;
  if (!node.detail.empty()) text += ": " + node.detail;
  if (node.estimated_rows) text += fmt::format("  (about {:.0f} rows)", *node.estimated_rows);
  text += '\n';
  for (const PlanNode& child : node.children) append_tree(text, child, depth + 1);
}

std::string explanation_text(const Explanation& explanation) {
  std::string text;
  append_tree(text, explanation.root, 0);
  text += fmt::format("cost: {:.1f}\n", explanation.cost);
  for (const RefusedPlan& refused : explanation.refused)
    text += fmt::format("not: {} (cost {:.1f}): {}\n", refused.detail, refused.cost, refused.why);
  if (const auto& actual = explanation.actual) {
    text += fmt::format("examined: {} keys, {} blocks, {} rows; returned {} rows\n", actual->keys_examined,
                        actual->blocks_examined, actual->rows_examined, actual->rows_returned);
    if (actual->runs_spilled > 0) text += fmt::format("spilled: {} sorted runs\n", actual->runs_spilled);
  }
  if (explanation.milliseconds) text += fmt::format("took: {:.3f} ms\n", *explanation.milliseconds);
  return text;
}

std::string explanation_json(const Explanation& explanation) {
  json::array refused;
  for (const RefusedPlan& plan : explanation.refused) {
    json::object object;
    object["detail"] = plan.detail;
    object["cost"] = plan.cost;
    object["why"] = plan.why;
    refused.push_back(std::move(object));
  }
  json::object object;
  object["plan"] = node_json(explanation.root);
  object["rule"] = explanation.rule;
  object["cost"] = explanation.cost;
  object["refused"] = std::move(refused);
  object["actual"] = counters_json(explanation.actual);
  object["milliseconds"] = number_json(explanation.milliseconds);
  object["text"] = explanation_text(explanation);
  return json_text(object);
}

Result<http::Response> post_explain(ApiContext& context, http::Request& request) {
  SLATE_TRY(const bool analyze, flag_parameter(request, kAnalyze));
  SLATE_TRY(const Query query, query_body(request));
  SLATE_TRY(const CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  SLATE_TRY(const Explanation explanation,
            copy.snapshot->explain(query, analyze ? ExplainMode::kAnalyze : ExplainMode::kPlan,
                                   {.stop = request.stop}));
  return http::Response::json(200, explanation_json(explanation));
}

}  // namespace

void add_query_routes(Routes& routes, ApiContext&) {
  using http::Method;
  constexpr auto kAccess = Access::kAdministration;
  const std::vector<Content> rows{
      {"application/json", "DatasourcePage"}, {"application/x-ndjson"}, {"text/csv"}};
  const std::vector<Content> query{{"application/json", "Query"}};
  const Reply unchanged{304, "The caller's answer is still right.", {}, {"ETag", "Slate-Generation", "Vary"}};
  routes.add({.path = "/v1/datasources/{id}/records",
              .id = "getRecords",
              .group = "queries",
              .summary = "A query in the URL, over every field.",
              .access = kAccess,
              .conditions = Conditions::kTaken,
              .parameters = {&kDatasourceId, &kSkip, &kTake, &kCursor, &kSort, &kColumns, &kCount, &kFilter,
                             &kInt64, &kAccept, &kIfNoneMatch},
              .replies = {{200,
                           "A page, or a stream of all rows.",
                           rows,
                           {"Server-Timing", "Slate-Generation", "Vary"},
                           {"ETag"}},
                          unchanged},
              .problems = {Reason::kNotFound, Reason::kCursorExpired, Reason::kNotAcceptable,
                           Reason::kQuotaExceeded}},
             get_records);
  routes.add({.path = "/v1/datasources/{id}/values/{field}",
              .id = "getValues",
              .group = "queries",
              .summary = "The distinct values of a field, with how many records have each.",
              .access = kAccess,
              .conditions = Conditions::kTaken,
              .parameters = {&kDatasourceId, &kValuesField, &kOrder, &kValuesTake, &kSearch, &kFilter,
                             &kInt64, &kIfNoneMatch},
              .replies = {{200,
                           "The values.",
                           {{"application/json", "DatasourceValues"}},
                           {"Slate-Generation", "Vary"},
                           {"ETag"}},
                          unchanged},
              .problems = {Reason::kNotFound, Reason::kQuotaExceeded}},
             get_values);
  routes.add(
      {.method = Method::kPost,
       .path = "/v1/datasources/{id}/query",
       .id = "query",
       .group = "queries",
       .summary = "A query in JSON.",
       .access = kAccess,
       .parameters = {&kDatasourceId, &kCount, &kInt64, &kAccept},
       .body = query,
       .replies =
           {{200, "A page, or a stream of all rows.", rows, {"Server-Timing", "Slate-Generation", "Vary"}}},
       .problems = {Reason::kNotFound, Reason::kCursorExpired, Reason::kNotAcceptable, Reason::kQuotaExceeded,
                    Reason::kUnsupportedMediaType}},
      post_query);
  routes.add({.method = Method::kPost,
              .path = "/v1/datasources/{id}/explain",
              .id = "explain",
              .group = "queries",
              .summary = "How a query would be answered, or was.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kAnalyze},
              .body = query,
              .replies = {{200, "The plan.", {{"application/json", "Explanation"}}}},
              .problems = {Reason::kNotFound, Reason::kQuotaExceeded, Reason::kUnsupportedMediaType}},
             post_explain);
}

}  // namespace slate::api
