#include "api/request.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <fmt/format.h>
#include <system_error>
#include <vector>

#include "api/negotiate.h"
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

}  // namespace

Result<boost::json::value> json_body(const http::Request& request) {
  const std::string type = content_type(request.headers);
  if (!type.empty() && type != "application/json" && type != "application/merge-patch+json")
    return fail(Error(Reason::kUnsupportedMediaType, "expected a body of JSON, got " + slate::quoted(type))
                    .with_field("Content-Type")
                    .with_hint("application/json"));
  return parse_json(request.body);
}

Result<boost::json::object> json_object_body(const http::Request& request) {
  SLATE_TRY(auto json, json_body(request));
  if (!json.is_object()) return fail(Reason::kInvalidArgument, "expected a JSON object as the body");
  return std::move(json.get_object());
}

Result<void> check_parameters(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (auto parameter = request.query.begin(); parameter != request.query.end(); ++parameter) {
    const std::string& name = parameter->first;
    if (std::ranges::find(known, name) == known.end()) {
      const std::vector<std::string_view> names(known);
      return bad_parameter(name, "this path has no parameter " + slate::quoted(name),
                           near_miss_hint(name, names));
    }
    const auto same = [&](const auto& earlier) { return earlier.first == name; };
    if (std::any_of(request.query.begin(), parameter, same))
      return bad_parameter(name, "this parameter may be given once only");
  }
  return {};
}

Result<bool> flag_parameter(const http::Request& request, std::string_view name) {
  const auto value = request.query_value(name);
  if (!value || *value == "false") return false;
  if (value->empty() || *value == "true") return true;
  return bad_parameter(name, "expected true or false, got " + slate::quoted(*value));
}

Result<std::optional<std::uint64_t>> number_parameter(const http::Request& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most) {
  const auto value = request.query_value(name);
  if (!value) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error == std::errc() && end == value->data() + value->size() && number >= least && number <= most)
    return number;
  return bad_parameter(
      name, fmt::format("expected a whole number from {} to {}, got {}", least, most, slate::quoted(*value)));
}

Result<Int64Form> take_int64_form(http::NamedValues& parameters) {
  const auto found = std::ranges::find(parameters, "int64", &http::NamedValues::value_type::first);
  if (found == parameters.end()) return Int64Form::kNumber;
  const std::string word = std::move(found->second);
  parameters.erase(found);
  if (word == "string") return Int64Form::kString;
  if (word == "number") return Int64Form::kNumber;
  return bad_parameter("int64", "expected number or string, got " + slate::quoted(word));
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
