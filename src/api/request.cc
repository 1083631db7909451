#include "api/request.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <fmt/format.h>
#include <system_error>
#include <vector>

#include "api/negotiate.h"
#include "api/parameters.h"
#include "base/try.h"
#include "lists/list_service.h"
#include "model/json.h"
#include "model/name.h"

namespace slate::api {
namespace {

Failure bad_parameter(std::string_view name, std::string message, std::string hint = {}) {
  Error error = Error(Reason::kInvalidArgument, std::move(message)).with_field(shown(name));
  if (!hint.empty()) error = std::move(error).with_hint(std::move(hint));
  return fail(std::move(error));
}

Result<std::optional<std::uint64_t>> read_number(std::optional<std::string_view> text,
                                                 const Parameter& parameter) {
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc() && end == text->data() + text->size() && number >= parameter.least &&
      number <= parameter.most)
    return number;
  return bad_parameter(parameter.name, fmt::format("expected a whole number from {} to {}, got {}",
                                                   parameter.least, parameter.most, slate::quoted(*text)));
}

Result<std::string_view> read_word(std::string_view text, const Parameter& parameter) {
  std::string all;
  for (std::string_view rest = parameter.words; !rest.empty();) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (word == text) return text;
    if (!all.empty()) all += rest.empty() ? " or " : ", ";
    all += word;
  }
  return bad_parameter(parameter.name, "expected " + all + ", got " + slate::quoted(text));
}

Result<boost::json::object> object_of(boost::json::value json) {
  if (!json.is_object()) return fail(Reason::kInvalidArgument, "expected a JSON object as the body");
  return std::move(json.get_object());
}

}  // namespace

Result<boost::json::value> json_body(const http::Request& request) {
  const std::string type = content_type(request.headers);
  if (!type.empty() && type != "application/json")
    return fail(Error(Reason::kUnsupportedMediaType, "expected a body of JSON, got " + slate::quoted(type))
                    .with_field("Content-Type")
                    .with_hint("application/json"));
  return parse_json(request.body);
}

Result<boost::json::object> json_object_body(const http::Request& request) {
  SLATE_TRY(auto json, json_body(request));
  return object_of(std::move(json));
}

Result<boost::json::object> patch_body(const http::Request& request) {
  if (!is_merge_patch(request)) return json_object_body(request);
  SLATE_TRY(auto json, parse_json(request.body));
  return object_of(std::move(json));
}

bool is_merge_patch(const http::Request& request) {
  return content_type(request.headers) == "application/merge-patch+json";
}

Result<void> check_parameters(const http::Request& request, const Operation& operation) {
  if (operation.conditions == Conditions::kTaken) return {};
  std::vector<std::string_view> known;
  for (const Parameter* parameter : operation.parameters)
    if (parameter->in == In::kQuery) known.push_back(parameter->name);
  for (auto parameter = request.query.begin(); parameter != request.query.end(); ++parameter) {
    const std::string& name = parameter->first;
    if (std::ranges::find(known, name) == known.end())
      return bad_parameter(name, "this path has no parameter " + slate::quoted(name),
                           near_miss_hint(name, known));
    const auto same = [&](const auto& earlier) { return earlier.first == name; };
    if (std::any_of(request.query.begin(), parameter, same))
      return bad_parameter(name, "this parameter may be given once only");
  }
  return {};
}

Result<void> refuse_parameters(const http::NamedValues& parameters,
                               std::initializer_list<const Parameter*> refused, std::string_view why) {
  for (const Parameter* parameter : refused)
    if (http::find(parameters, parameter->name)) return bad_parameter(parameter->name, std::string(why));
  return {};
}

Result<bool> flag_parameter(const http::Request& request, const Parameter& parameter) {
  const auto value = request.query_value(parameter.name);
  if (!value || *value == "false") return false;
  if (value->empty() || *value == "true") return true;
  return bad_parameter(parameter.name, "expected true or false, got " + slate::quoted(*value));
}

Result<std::optional<std::uint64_t>> number_parameter(const http::Request& request,
                                                      const Parameter& parameter) {
  return read_number(request.query_value(parameter.name), parameter);
}

Result<std::string_view> word_parameter(const http::Request& request, const Parameter& parameter) {
  return read_word(request.query_value(parameter.name).value_or(parameter.absent), parameter);
}

Result<std::optional<std::string>> take_text(http::NamedValues& parameters, const Parameter& parameter) {
  const auto is_it = [&](const auto& pair) { return pair.first == parameter.name; };
  const auto found = std::ranges::find_if(parameters, is_it);
  if (found == parameters.end()) return std::nullopt;
  std::string text = std::move(found->second);
  parameters.erase(found);
  if (std::ranges::any_of(parameters, is_it))
    return bad_parameter(parameter.name, "this parameter may be given once only");
  return text;
}

Result<std::optional<std::uint64_t>> take_number(http::NamedValues& parameters, const Parameter& parameter) {
  SLATE_TRY(const auto text, take_text(parameters, parameter));
  return read_number(text, parameter);
}

Result<std::string> take_word(http::NamedValues& parameters, const Parameter& parameter) {
  SLATE_TRY(const auto text, take_text(parameters, parameter));
  std::string word = text.value_or(std::string(parameter.absent));
  SLATE_TRY(read_word(word, parameter));
  return word;
}

Result<Int64Form> take_int64_form(http::NamedValues& parameters) {
  SLATE_TRY(const std::string word, take_word(parameters, kInt64));
  return word == "string" ? Int64Form::kString : Int64Form::kNumber;
}

Result<ValuesAsked> take_values_asked(http::Request& request) {
  SLATE_TRY(const std::string order, take_word(request.query, kOrder));
  SLATE_TRY(const auto take, take_number(request.query, kValuesTake));
  SLATE_TRY(auto search, take_text(request.query, kSearch));
  SLATE_TRY(refuse_parameters(request.query, {&kSkip, &kCursor, &kSort, &kColumns, &kCount},
                              "values have no such parameter"));
  return ValuesAsked{.field = request.param("field"),
                     .order = order == "count" ? DistinctOrder::kCount : DistinctOrder::kValue,
                     .take = take.value_or(kUsualValues),
                     .search = std::move(search)};
}

Result<CallerCopy> caller_copy(Database& database, std::string_view datasource,
                               const http::Request& request) {
  const NamedTexts headers(request.headers.begin(), request.headers.end());
  return open_copy(database, datasource, headers);
}

RequestContext request_context(const http::Request& request) {
  return {.traceparent = std::string(request.headers.get("traceparent").value_or("")),
          .request_id = request.request_id};
}

}  // namespace slate::api
