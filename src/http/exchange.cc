#include "http/exchange.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "http/request_id.h"

namespace slate::http {
namespace {

// Printable ASCII of bounded length, without the query.
std::string loggable_path(std::string_view target) {
  constexpr std::size_t kMaxBytes = 1024;
  std::string path(target.substr(0, std::min(target.find('?'), kMaxBytes)));
  std::ranges::replace_if(
      path, [](char c) { return c < 0x21 || c > 0x7e; }, '?');
  return path;
}

Response without_route(std::optional<Method> method, const std::string& allow) {
  if (allow.empty()) return Response::problem(Error(Reason::kNotFound, "there is nothing at this path"));
  Response answer = method == Method::kOptions
                        ? Response::empty(204)
                        : Response::problem(Error(Reason::kMethodNotAllowed, "this path takes " + allow));
  answer.headers.set("Allow", allow);
  return answer;
}

}  // namespace

Exchange::Exchange(const RequestHead& head, std::uint64_t request_number, TimePoint first_byte)
    : number(request_number),
      method(parse_method(head.method)),
      path(loggable_path(head.target)),
      request_id(choose_request_id(head.headers.get("X-Request-Id"))),
      version(head.version),
      accepted(accepted_coding(head.headers)),
      after(head.after),
      began(first_byte) {}

std::optional<Response> Exchange::find_route(const RequestHead& head, const Router& router) {
  auto parsed = parse_target(head.target);
  if (!parsed) return Response::problem(std::move(parsed).error());
  target = std::move(*parsed);
  if (target.segments.empty()) return without_route(method, router.all_methods());
  Router::Match match = router.match(method, target.segments);
  if (match.route == nullptr) return without_route(method, match.allow);
  route = match.route;
  params = std::move(match.params);
  auto coding = http::body_coding(head.headers);
  if (!coding) {
    Response refusal = Response::problem(std::move(coding).error());
    refusal.headers.set("Accept-Encoding", "gzip");
    return refusal;
  }
  body_coding = *coding;
  return std::nullopt;
}

void Exchange::record(int final_status, const std::function<void(const Served&)>& observer) const {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
  const std::string_view name = method ? method_name(*method) : "OTHER";
  if (log::is_on(log::Level::kInfo))
    log::info("request", {{"method", name},
                          {"path", path},
                          {"status", final_status},
                          {"ms", std::round(taken.count() * 1e6) / 1e3},
                          {"bytes", bytes_written},
                          {"request_id", request_id}});
  if (!observer) return;
  observer({.route = route != nullptr ? std::string_view(route->pattern) : std::string_view(),
            .method = name,
            .status = final_status,
            .seconds = taken.count(),
            .bytes = bytes_written});
}

}  // namespace slate::http
