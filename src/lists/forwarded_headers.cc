#include "lists/forwarded_headers.h"

#include <algorithm>
#include <string_view>

namespace slate {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

LoadMetadata forwarded_headers(const LoaderConfig& config,
                               std::span<const std::pair<std::string, std::string>> headers) {
  LoadMetadata metadata;
  for (const std::string& wanted : config.forward_headers) {
    std::string joined;
    bool came = false;
    for (const auto& [name, value] : headers) {
      if (!same_name(name, wanted)) continue;
      if (came) joined += ", ";
      joined += value;
      came = true;
    }
    if (came) metadata.insert_or_assign(wanted, std::move(joined));
  }
  return metadata;
}

}  // namespace slate
