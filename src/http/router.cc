#include "http/router.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace slate::http {
namespace {

using MethodSet = std::array<bool, kMethodCount>;

bool& member(MethodSet& set, Method method) { return set[static_cast<std::size_t>(method)]; }

bool is_name(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const auto segment = pattern.substr(0, pattern.find('/'));
    segments.emplace_back(segment);
    pattern.remove_prefix(segment.size());
  }
  return segments;
}

bool matches(const Route& route, std::span<const std::string> segments) {
  if (route.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (is_name(route.segments[i]) ? segments[i].empty() : route.segments[i] != segments[i]) return false;
  return true;
}

// REQUIRES: both match the same path.
bool is_more_literal(const Route& a, const Route& b) {
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    const bool a_is_name = is_name(a.segments[i]);
    if (a_is_name != is_name(b.segments[i])) return !a_is_name;
  }
  return false;
}

bool same_shape(const Route& a, const Route& b) {
  if (a.segments.size() != b.segments.size()) return false;
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    if (is_name(a.segments[i]) != is_name(b.segments[i])) return false;
    if (!is_name(a.segments[i]) && a.segments[i] != b.segments[i]) return false;
  }
  return true;
}

// What `set` allows, with what the server itself adds.
std::string allow_header(MethodSet set) {
  if (member(set, Method::kGet)) member(set, Method::kHead) = true;
  member(set, Method::kOptions) = true;
  std::string text;
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    if (!set[i]) continue;
    if (!text.empty()) text += ", ";
    text += method_name(static_cast<Method>(i));
  }
  return text;
}

}  // namespace

void Router::add(Method method, std::string pattern, Handler handler, Run run, AtOnce at_once) {
  check(pattern.starts_with('/'), "a route's pattern begins with /");
  auto segments = split(pattern);
  Route route{method, std::move(pattern), std::move(segments), std::move(handler), run, std::move(at_once)};
  for (const Route& other : routes_) {
    if (!same_shape(other, route)) continue;
    check(other.pattern == route.pattern, "two patterns of one shape have the same names");
    check(other.method != route.method, "a route is added once");
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::match(std::optional<Method> method, std::span<const std::string> segments) const {
  Match match;
  MethodSet allowed{};
  bool found = false;
  for (const Route& route : routes_) {
    if (!matches(route, segments)) continue;
    found = true;
    member(allowed, route.method) = true;
    if (!method) continue;
    const bool serves = route.method == *method || (*method == Method::kHead && route.method == Method::kGet);
    if (serves && (match.route == nullptr || is_more_literal(route, *match.route))) match.route = &route;
  }
  if (match.route == nullptr) {
    if (found) match.allow = allow_header(allowed);
    return match;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& name = match.route->segments[i];
    if (is_name(name)) match.params.emplace_back(name.substr(1, name.size() - 2), segments[i]);
  }
  return match;
}

std::string Router::all_methods() const {
  MethodSet all{};
  for (const Route& route : routes_) member(all, route.method) = true;
  return allow_header(all);
}

}  // namespace slate::http
