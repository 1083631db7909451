// Any bytes as a request-target. What parses must come back the same from its escaped form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/url.h"
#include "http/utf8.h"

namespace {

std::string escaped_again(const slate::http::Target& target) {
  std::string text;
  for (const auto& segment : target.segments) text += "/" + slate::http::escape(segment);
  // A nameless piece without a value would be an empty piece, which is left out; "=" is not.
  char separator = '?';
  for (const auto& [name, value] : target.query) {
    text += separator + slate::http::escape(name) + "=" + slate::http::escape(value);
    separator = '&';
  }
  return text;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = slate::http::parse_target({reinterpret_cast<const char*>(data), size});
  if (!first || first->segments.empty()) return 0;
  for (const auto& segment : first->segments) {
    require(slate::http::is_utf8(segment));
    require(segment.find('\0') == std::string::npos);
  }
  for (const auto& [name, value] : first->query)
    require(slate::http::is_utf8(name) && slate::http::is_utf8(value));
  const auto second = slate::http::parse_target(escaped_again(*first));
  require(second.has_value());
  require(second->segments == first->segments);
  require(second->query == first->query);
  return 0;
}
