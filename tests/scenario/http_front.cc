#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/try.h"
#include "http/url.h"
#include "model/json.h"
#include "model/schema.h"
#include "query/bound_query.h"
#include "query/limits.h"
#include "scenario/cells.h"
#include "scenario/front.h"
#include "scenario/json_rows.h"

namespace slate::scenario {
namespace {

namespace json = boost::json;
using http::Method;

constexpr const char* kJson = "application/json";
constexpr const char* kNdjson = "application/x-ndjson";

std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

Failure strange(std::string what) { return fail(Reason::kInternal, std::move(what)); }

// The error that a problem document tells; what it must hold beyond that is checked on the way.
Error read_problem(const http::ClientResponse& response) {
  const auto parsed = parse_json(response.body);
  const auto* problem = parsed ? parsed->if_object() : nullptr;
  const auto member = [&](std::string_view name) -> std::optional<std::string> {
    const auto* found = problem != nullptr ? problem->if_contains({name.data(), name.size()}) : nullptr;
    if (found == nullptr || !found->is_string()) return std::nullopt;
    return text_of(found->get_string());
  };
  for (unsigned i = 0; i <= static_cast<unsigned>(Reason::kInternal); ++i) {
    const ReasonInfo& info = reason_info(static_cast<Reason>(i));
    if (member("code") != info.name) continue;
    if (info.http_status != response.status ||
        response.headers.get("Content-Type") != "application/problem+json")
      break;
    Error error(info.reason, member("detail").value_or(""));
    if (const auto field = member("field")) error = std::move(error).with_field(*field);
    if (const auto hint = member("hint")) error = std::move(error).with_hint(*hint);
    return error;
  }
  return {Reason::kInternal,
          fmt::format("no problem with the status {}: {}", response.status, response.body)};
}

// What a question's words are changed by.
struct Changes {
  Page page{};
  bool only_filter = false;
  std::string count = "none";
};

class HttpFront final : public Front {
 public:
  HttpFront(slate::testing::ServedApi& api, std::string datasource)
      : api_(api), path_("/v1/datasources/" + http::escape(datasource)) {}

  Result<void> save(const Datasource& datasource) override {
    SLATE_TRY(ask(Method::kPut, path_, json::serialize(to_json(datasource)), kJson));
    datasource_ = datasource;
    return {};
  }
  Result<void> write(std::span<const RecordWrite> writes) override {
    std::string lines;
    for (const RecordWrite& write : writes) {
      json::object line;
      line["_id"] = write.id;
      for (const auto& [name, value] : write.cells) line[name] = to_json(value);
      lines += json::serialize(line) + '\n';
    }
    const bool merges = writes.empty() || writes.front().kind == WriteKind::kMerge;
    SLATE_TRY(ask(Method::kPost, path_ + "/records?mode=" + (merges ? "merge" : "replace"), lines, kNdjson));
    return {};
  }
  Result<void> remove(std::span<const std::string> ids) override {
    for (const std::string& id : ids) {
      auto removed = ask(Method::kDelete, path_ + "/records/" + http::escape(id));
      if (!removed && removed.error().reason() != Reason::kNotFound) return fail(removed.error());
    }
    return {};
  }
  Result<void> remove_all() override {
    SLATE_TRY(ask(Method::kDelete, path_ + "/records"));
    return {};
  }

  // Every call is of what is stored then.
  Result<void> look() override { return {}; }

  Result<Answer> query(const Question& question, const Page& page, const QueryOptions&) override {
    const auto stream = pose(question, {.page = page}, kNdjson);
    if (!stream) return fail(refused_alike(question, page, stream.error()));
    if (!question.query) return strange("answered what is no query: " + question.query.error().to_string());
    const auto take = page.take ? page.take : question.query->take;
    Changes shown{.page = page};
    shown.page.take = std::min<std::uint64_t>(take.value_or(kMostPageSize), kMostPageSize);
    SLATE_TRY(const std::string body, pose(question, shown, kJson));
    SLATE_TRY(Answer answer, read_page(body, *question.query));
    Rows rows;
    for (std::string_view rest = *stream; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      SLATE_TRY(const auto row, parse_json(line));
      SLATE_TRY(rows.emplace_back(), read_row(row, answer.columns));
    }
    const bool is_whole = answer.rows.size() == rows.size();
    if (!std::equal(answer.rows.begin(), answer.rows.end(), rows.begin(),
                    rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), answer.rows.size()))) ||
        is_whole != (rows.size() <= *shown.page.take))
      return strange("JSON and NDJSON give different rows");
    if (!is_whole) answer.has_more = false;
    answer.rows = std::move(rows);
    return answer;
  }

  Result<Count> count(const Question& question, std::optional<std::uint64_t> limit,
                      const QueryOptions&) override {
    // HTTP counts to 1 at least.
    const std::string how = limit ? std::to_string(std::max<std::uint64_t>(*limit, 1)) : "exact";
    SLATE_TRY(const std::string body,
              pose(question, {.page = {.take = 0, .cursor = {}}, .only_filter = true, .count = how}, kJson));
    SLATE_TRY(const auto answer, parse_json(body));
    const auto& told = answer.at("page").at("count");
    Count count{.value = told.at("value").to_number<std::uint64_t>(),
                .exact = told.at("relation") == json::value("eq")};
    if (limit == 0) count = {.value = 0, .exact = count.value == 0};
    return count;
  }

  Result<Values> distinct(const std::string& field, DistinctOrder order, const Question& question,
                          const QueryOptions&) override {
    Parameters parameters = question.parameters;
    if (question.query && question.json) {
      if (question.query->filter)
        parameters.emplace_back("filter", json::serialize(to_json(*question.query->filter)));
      if (question.query->take) parameters.emplace_back("take", std::to_string(*question.query->take));
    }
    parameters.emplace_back("order", order == DistinctOrder::kCount ? "count" : "value");
    parameters.emplace_back("int64", "string");
    SLATE_TRY(const auto response,
              ask(Method::kGet, path_ + "/values/" + http::escape(field) + '?' + query_text(parameters)));
    SLATE_TRY(const auto answer, parse_json(response.body));
    const Field* declared = find_field(datasource_.fields, field);
    if (declared != nullptr && declared->type == Type::kList) declared = &declared->items.front();
    if (declared == nullptr) return strange("answered for no field: " + response.body);
    Values values{.has_more = answer.at("has_more").as_bool()};
    for (const auto& each : answer.at("values").as_array()) {
      SLATE_TRY(const Value value, read_json_cell(each.at("value"), *declared));
      values.rows.push_back({cell_text(value), json::serialize(each.at("count"))});
    }
    return values;
  }

 private:
  Result<http::ClientResponse> ask(Method method, const std::string& target, std::string body = {},
                                   const char* type = nullptr, const char* accept = nullptr) {
    http::Headers headers;
    if (type != nullptr) headers.set("Content-Type", type);
    if (accept != nullptr) headers.set("Accept", accept);
    SLATE_TRY(auto response, api_.ask(method, target, std::move(headers), std::move(body)));
    if (response.status >= 300) return fail(read_problem(response));
    if (accept != nullptr && response.headers.get("Content-Type") != accept)
      return strange(
          fmt::format("asked for {}, got {}", accept, response.headers.get("Content-Type").value_or("")));
    return response;
  }

  static std::string query_text(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters)
      text += (text.empty() ? "" : "&") + http::escape(name) + '=' + http::escape(value);
    return text;
  }

  // The body of the answer. Streams write ints as strings and pages as numbers, so that both are read.
  Result<std::string> pose(const Question& question, const Changes& changes, const char* accept) {
    const Parameters about = {{"int64", accept == std::string_view(kJson) ? "number" : "string"},
                              {"count", changes.count}};
    auto response = question.json
                        ? ask(Method::kPost, path_ + "/query?" + query_text(about),
                              changed(*question.json, changes), kJson, accept)
                        : ask(Method::kGet,
                              path_ + "/records?" + query_text(changed(question.parameters, changes)) + '&' +
                                  query_text(about),
                              {}, nullptr, accept);
    if (!response) return fail(std::move(response).error());
    return std::move(response->body);
  }

  static bool is_only_of_rows(std::string_view name) {
    return name == "skip" || name == "take" || name == "sort" || name == "columns" || name == "cursor";
  }

  static Parameters changed(Parameters parameters, const Changes& changes) {
    if (changes.only_filter)
      std::erase_if(parameters, [](const auto& parameter) { return is_only_of_rows(parameter.first); });
    const auto replace = [&](const std::string& name, const std::string& value) {
      std::erase_if(parameters, [&](const auto& parameter) { return parameter.first == name; });
      parameters.emplace_back(name, value);
    };
    if (changes.page.take) replace("take", std::to_string(*changes.page.take));
    if (changes.page.cursor) replace("cursor", *changes.page.cursor);
    return parameters;
  }

  static std::string changed(const std::string& text, const Changes& changes) {
    auto query = parse_json(text);
    if (!query || !query->is_object()) return text;
    json::object& members = query->get_object();
    if (changes.only_filter)
      for (const char* name : {"skip", "take", "sort", "columns", "cursor"}) members.erase(name);
    if (changes.page.take) members["take"] = *changes.page.take;
    if (changes.page.cursor) members["cursor"] = *changes.page.cursor;
    return json::serialize(*query);
  }

  // A page must be refused as a stream is.
  Error refused_alike(const Question& question, const Page& page, const Error& stream) {
    const auto shown = pose(question, {.page = page}, kJson);
    if (!shown && shown.error().reason() == stream.reason() && shown.error().field() == stream.field())
      return stream;
    return {Reason::kInternal, fmt::format("NDJSON: {}; JSON: {}", stream.to_string(),
                                           shown ? *shown : shown.error().to_string())};
  }

  Result<std::vector<std::string>> read_row(const json::value& row,
                                            const std::vector<std::string>& columns) const {
    SLATE_TRY(const auto values, read_json_row(row, columns, datasource_));
    std::vector<std::string> cells;
    for (const Value& value : values) cells.push_back(cell_text(value));
    return cells;
  }

  Result<Answer> read_page(const std::string& body, const Query& query) const {
    SLATE_TRY(const auto json, parse_json(body));
    const Schema schema = make_schema(datasource_, nullptr);
    SLATE_TRY(const BoundQuery bound, bind({.columns = query.columns}, schema));
    Answer answer;
    for (const std::uint32_t column : bound.columns) answer.columns.push_back(schema.columns[column].path);
    for (const auto& record : json.at("records").as_array()) {
      SLATE_TRY(answer.rows.emplace_back(), read_row(record, answer.columns));
    }
    const auto& page = json.at("page");
    answer.has_more = page.at("has_more").as_bool();
    if (page.at("next").is_string()) answer.next_cursor = text_of(page.at("next").get_string());
    if (page.at("previous").is_string()) answer.previous_cursor = text_of(page.at("previous").get_string());
    return answer;
  }

  slate::testing::ServedApi& api_;
  const std::string path_;
  Datasource datasource_;  // as it was saved last
};

}  // namespace

std::unique_ptr<Front> make_http_front(slate::testing::ServedApi& api, std::string datasource) {
  return std::make_unique<HttpFront>(api, std::move(datasource));
}

}  // namespace slate::scenario
