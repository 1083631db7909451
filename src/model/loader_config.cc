#include "model/loader_config.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <exception>
#include <fmt/format.h>
#include <set>

#include "base/try.h"
#include "model/coerce.h"
#include "model/name.h"

namespace slate {
namespace {

constexpr std::int64_t kWeek = 7 * 86400;
constexpr std::int64_t kMostRows = 1'000'000'000'000;
constexpr std::size_t kForwardHeaders = 64;
constexpr std::size_t kScopeHeaders = 8;
constexpr std::int64_t kMostScopes = 1'000;
constexpr std::int64_t kLeastScopeBytes = std::int64_t{1} << 20;
constexpr std::int64_t kMostScopeBytes = std::int64_t{1} << 50;
constexpr std::size_t kHeaderNameBytes = 256;
constexpr std::size_t kHostNameBytes = 253;
constexpr std::size_t kPathBytes = 4096;
// In lower case. Taken out of every request: it would be missing always.
constexpr std::string_view kOwnHeader = "slate-token";

Failure refuse(std::string_view member, std::string message) {
  return fail(
      Error(Reason::kInvalidArgument, std::move(message)).with_field(fmt::format("loader.{}", member)));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 9110, section 5.6.2.
bool is_token_character(char c) {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostNameBytes && std::ranges::all_of(host, [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

// What is wrong with it, or null.
const char* endpoint_fault(std::string_view endpoint) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(endpoint.data(), endpoint.size()));
  if (!parsed) return "it is no URL";
  const boost::urls::url_view& url = *parsed;
  if (url.scheme() != "grpc" && url.scheme() != "grpcs") return "its scheme is neither grpc nor grpcs";
  if (!url.has_authority()) return "it names no host";
  if (url.has_userinfo()) return "it holds a user; credentials do not belong into an endpoint";
  const std::string_view host(url.encoded_host().data(), url.encoded_host().size());
  switch (url.host_type()) {
    case boost::urls::host_type::ipv4:
    case boost::urls::host_type::ipv6: break;
    case boost::urls::host_type::name:
      if (!is_host_name(host)) return "its host is not a host name or an address";
      break;
    default: return "its host is not a host name or an address";
  }
  if (!url.has_port() || url.port().empty()) return "it names no port";
  if (url.port_number() == 0) return "its port is not 1 to 65535";
  if (!url.encoded_path().empty() || url.has_query() || url.has_fragment())
    return "something follows the port";
  return nullptr;
}

Result<void> validate_endpoint(const std::string& endpoint) {
  const char* fault = nullptr;
  try {
    fault = endpoint_fault(endpoint);
  } catch (const std::exception&) {
    fault = "it is no URL";
  }
  if (fault != nullptr)
    return refuse("endpoint", fmt::format("expected grpc://host:port or grpcs://host:port, got {}: {}",
                                          quoted(endpoint), fault));
  return {};
}

Result<void> validate_range(std::string_view member, std::int64_t value, std::int64_t least,
                            std::int64_t most) {
  if (value >= least && value <= most) return {};
  return refuse(member, fmt::format("expected {} to {}, got {}", least, most, value));
}

Result<void> validate_headers(std::string_view name, const std::vector<std::string>& headers,
                              std::size_t most) {
  if (headers.size() > most)
    return refuse(name, fmt::format("expected at most {} names, got {}", most, headers.size()));
  std::set<std::string> seen;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string& header = headers[i];
    const auto member = fmt::format("{}[{}]", name, i);
    if (header.empty() || header.size() > kHeaderNameBytes ||
        !std::ranges::all_of(header, is_token_character))
      return refuse(member, fmt::format("expected the name of an HTTP header, got {}", quoted(header)));
    std::string lower = header;
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (lower == kOwnHeader)
      return refuse(
          member, fmt::format("{} holds a token for Slate, which takes it out of requests", quoted(header)));
    if (!seen.insert(std::move(lower)).second)
      return refuse(member, fmt::format("{} comes twice; header names have no case", quoted(header)));
  }
  return {};
}

Result<void> validate_scopes(const LoaderConfig& loader) {
  SLATE_TRY(validate_headers("scopeHeaders", loader.scope_headers, kScopeHeaders));
  const LoaderConfig defaults;
  if (loader.scope_headers.empty() && loader.max_scopes != defaults.max_scopes)
    return refuse("maxScopes", "is for loaders with scopeHeaders; all callers of this one share one copy");
  if (loader.scope_headers.empty() && loader.max_scope_bytes)
    return refuse("maxScopeBytes",
                  "is for loaders with scopeHeaders; all callers of this one share one copy");
  SLATE_TRY(validate_range("maxScopes", loader.max_scopes, 1, kMostScopes));
  if (loader.max_scope_bytes)
    SLATE_TRY(validate_range("maxScopeBytes", *loader.max_scope_bytes, kLeastScopeBytes, kMostScopeBytes));
  return {};
}

Result<void> validate_ca_file(const LoaderConfig& loader) {
  if (!loader.ca_file) return {};
  const std::string& path = *loader.ca_file;
  if (path.empty() || path.size() > kPathBytes || path.find('\0') != std::string::npos ||
      !is_valid_utf8(path))
    return refuse("caFile", fmt::format("expected the path of a PEM file, got {}", quoted(path)));
  if (!loader.endpoint.starts_with("grpcs://"))
    return refuse("caFile", "is for grpcs:// endpoints only; this one is not encrypted");
  return {};
}

}  // namespace

Result<void> validate(const LoaderConfig& loader) {
  SLATE_TRY(validate_endpoint(loader.endpoint));
  if (loader.ttl) SLATE_TRY(validate_range("ttl", *loader.ttl, 1, kLongestSeconds));
  SLATE_TRY(validate_headers("forwardHeaders", loader.forward_headers, kForwardHeaders));
  SLATE_TRY(validate_scopes(loader));
  SLATE_TRY(validate_ca_file(loader));
  SLATE_TRY(validate_range("staleWhileRevalidate", loader.stale_while_revalidate, 0, kLongestSeconds));
  SLATE_TRY(validate_range("staleIfError", loader.stale_if_error, 0, kLongestSeconds));
  SLATE_TRY(validate_range("deadline", loader.deadline, 1, kWeek));
  SLATE_TRY(validate_range("idleTimeout", loader.idle_timeout, 1, kWeek));
  if (loader.min_rows) SLATE_TRY(validate_range("minRows", *loader.min_rows, 0, kMostRows));
  if (loader.max_shrink && !(*loader.max_shrink >= 0.0 && *loader.max_shrink <= 1.0))
    return refuse("maxShrink", fmt::format("expected a share of 0 to 1, got {}", *loader.max_shrink));
  return {};
}

}  // namespace slate
