#include "http/problem.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/utf8.h"

namespace slate::http {

namespace {

// Seconds. What is not available may be so at any time: to ask each second is soon enough.
std::optional<int> retry_after(const Error& error) {
  if (error.retry_after_seconds()) return error.retry_after_seconds();
  return error.reason() == Reason::kUnavailable ? std::optional(1) : std::nullopt;
}

}  // namespace

std::string problem_json(const Error& error, std::string_view request_id) {
  const ReasonInfo& info = reason_info(error.reason());
  boost::json::object json;
  json["type"] = fmt::format("https://slate.io/docs/errors#{}", info.name);
  json["title"] = info.title;
  json["status"] = info.http_status;
  json["code"] = info.name;
  json["detail"] = to_utf8(error.message());
  if (error.field()) json["field"] = to_utf8(*error.field());
  if (error.hint()) json["hint"] = to_utf8(*error.hint());
  json["request_id"] = request_id;
  return boost::json::serialize(json);
}

Response with_problem_body(Response response, std::string_view request_id) {
  if (!response.error) {
    if (response.status >= 200 && response.status < 400) return response;
    log::error("a handler answered with a status that only an error may have", {{"status", response.status}});
    response = Response::problem(Error(Reason::kInternal, "the answer could not be made"));
  }
  const Error error = *std::exchange(response.error, std::nullopt);
  response.status = reason_info(error.reason()).http_status;
  response.stream.reset();
  response.body = problem_json(error, request_id);
  response.headers.set("Content-Type", "application/problem+json");
  if (const auto seconds = retry_after(error)) response.headers.set("Retry-After", std::to_string(*seconds));
  return response;
}

}  // namespace slate::http
