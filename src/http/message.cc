#include "http/message.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace slate::http {
namespace {

constexpr std::array<std::string_view, kMethodCount> kMethodNames{"GET",   "HEAD",   "POST",   "PUT",
                                                                  "PATCH", "DELETE", "OPTIONS"};

}  // namespace

std::string_view method_name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

std::optional<Method> parse_method(std::string_view name) {
  const auto found = std::ranges::find(kMethodNames, name);
  if (found == kMethodNames.end()) return std::nullopt;
  return static_cast<Method>(found - kMethodNames.begin());
}

std::optional<std::string_view> find(const NamedValues& values, std::string_view name) {
  for (const auto& [key, value] : values)
    if (key == name) return value;
  return std::nullopt;
}

const std::string& Request::param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &NamedValues::value_type::first);
  check(found != params.end(), "the route's pattern has no such parameter");
  return found->second;
}

void Response::clear_content() {
  body.clear();
  shared_body.reset();
}

Response Response::json(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Response Response::text(int status, std::string body) {
  return {
      .status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

Response Response::problem(Error error) {
  const int status = reason_info(error.reason()).http_status;
  return {.status = status, .error = std::move(error)};
}

}  // namespace slate::http
