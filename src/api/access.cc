#include "api/access.h"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <utility>

namespace slate::api {
namespace {

enum class Role : std::uint8_t { kNobody, kReader, kAdministrator };

constexpr std::string_view kOwnHeader = "Slate-Token";
constexpr std::string_view kAuthorization = "Authorization";

// Empty without one.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!http::equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
  const auto begin = authorization.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

Role role_of(const AccessRules& rules, std::string_view token) {
  if (token.empty()) return Role::kNobody;
  if (rules.admin_tokens && rules.admin_tokens(token)) return Role::kAdministrator;
  return rules.list_tokens && rules.list_tokens(token) ? Role::kReader : Role::kNobody;
}

struct Caller {
  Role role = Role::kNobody;
  bool has_token = false;              // of whatever kind
  bool authorization_is_ours = false;  // else it may be meant for a loader
};

Caller caller_of(const AccessRules& rules, const http::Headers& headers) {
  Caller caller;
  const auto see = [&](std::string_view token) {
    const Role role = role_of(rules, token);
    caller.role = std::max(caller.role, role);
    caller.has_token = caller.has_token || !token.empty();
    return role != Role::kNobody;
  };
  see(headers.get(kOwnHeader).value_or(""));
  caller.authorization_is_ours = see(bearer_token(headers.get(kAuthorization).value_or("")));
  return caller;
}

// The header that comes more than once, although it holds the credentials of one (RFC 9110, section 5.3).
// Nobody could say which of them a loader is to see, and which is ours.
std::optional<std::string_view> repeated_credentials(const http::Headers& headers) {
  for (const std::string_view name : {kOwnHeader, kAuthorization})
    if (headers.all(name).size() > 1) return name;
  return std::nullopt;
}

http::Response unauthenticated(const Caller& caller, std::string_view what) {
  Error error(Reason::kUnauthenticated, caller.has_token ? "the token is not one that is known here"
                                                         : std::string(what) + " its bearer token");
  auto refusal = http::Response::problem(
      std::move(error).with_hint("send Authorization: Bearer <token>, or Slate-Token: <token>"));
  refusal.headers.set("WWW-Authenticate", caller.has_token ? R"(Bearer realm="slate", error="invalid_token")"
                                                           : R"(Bearer realm="slate")");
  return refusal;
}

http::Response denied(std::string text) {
  return http::Response::problem(Error(Reason::kPermissionDenied, std::move(text)));
}

// "[::1]:8080" to "::1".
std::string name_in(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.find(':')));
}

bool is_of_this_machine(const std::string& name) {
  in6_addr ignored{};
  return http::equal_ignoring_case(name, "localhost") || ::inet_pton(AF_INET, name.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

bool comes_from_a_web_page_of_others(const http::Headers& headers) {
  const std::string_view host = headers.get("Host").value_or("localhost");
  if (!is_of_this_machine(name_in(host))) return true;
  const auto origin = headers.get("Origin");
  if (!origin) return false;
  const auto scheme_end = origin->find("://");
  return scheme_end == std::string_view::npos ||
         !http::equal_ignoring_case(origin->substr(scheme_end + 3), host);
}

std::optional<http::Response> check_administration(const AccessRules& rules, const Caller& caller,
                                                   const http::Headers& headers) {
  if (rules.administration == Served::kNo) return denied("administration is not served on this port");
  if (!rules.admin_tokens) {
    if (rules.open_to == OpenTo::kThisMachine && comes_from_a_web_page_of_others(headers))
      return denied(
          "administration without a token is for this machine, by localhost or an address, and not for web "
          "pages");
    return std::nullopt;
  }
  if (caller.role == Role::kAdministrator) return std::nullopt;
  if (caller.role == Role::kReader) return denied("the token is for lists, not for administration");
  return unauthenticated(caller, "administration needs");
}

std::optional<http::Response> check_caller(const AccessRules& rules, Access access, const Caller& caller,
                                           const http::Headers& headers) {
  switch (access) {
    case Access::kOpen: return std::nullopt;
    case Access::kAdministration: return check_administration(rules, caller, headers);
    case Access::kMetrics:
      if (rules.metrics == Served::kNo) return denied("metrics are not served on this port");
      break;
    case Access::kLists: break;
  }
  if (!rules.list_tokens || caller.role != Role::kNobody) return std::nullopt;
  return unauthenticated(caller, "reading needs");
}

}  // namespace

std::optional<http::Response> check_access(const AccessRules& rules, Access access, http::Headers& headers) {
  if (const auto name = repeated_credentials(headers))
    return http::Response::problem(
        Error(Reason::kInvalidArgument, "this header may come once only").with_field(std::string(*name)));
  const Caller caller = caller_of(rules, headers);
  headers.remove(kOwnHeader);
  if (caller.authorization_is_ours) headers.remove(kAuthorization);
  return check_caller(rules, access, caller, headers);
}

bool has_access(const AccessRules& rules, Access access, const http::Headers& headers) {
  return !repeated_credentials(headers) && !check_caller(rules, access, caller_of(rules, headers), headers);
}

bool may_be_token(const AccessRules& rules, std::string_view header) {
  if (!rules.list_tokens && !rules.admin_tokens) return http::equal_ignoring_case(header, kOwnHeader);
  return http::equal_ignoring_case(header, kOwnHeader) || http::equal_ignoring_case(header, kAuthorization);
}

}  // namespace slate::api
