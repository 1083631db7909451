#include "lists/forwarded_headers.h"

#include <algorithm>
#include <string_view>

namespace slate {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

std::optional<std::string> joined_header(std::span<const std::pair<std::string, std::string>> headers,
                                         std::string_view wanted) {
  std::optional<std::string> joined;
  for (const auto& [name, value] : headers) {
    if (!same_name(name, wanted)) continue;
    if (joined)
      joined->append(", ").append(value);
    else
      joined = value;
  }
  return joined;
}

LoadMetadata forwarded_headers(const LoaderConfig& config,
                               std::span<const std::pair<std::string, std::string>> headers) {
  LoadMetadata metadata;
  for (const std::string& wanted : config.forward_headers) {
    if (auto value = joined_header(headers, wanted)) metadata.insert_or_assign(wanted, *std::move(value));
  }
  return metadata;
}

}  // namespace slate
