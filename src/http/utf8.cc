#include "http/utf8.h"

#include <cstdint>
#include <unicode/utf8.h>

namespace slate::http {

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int64_t>(text.size());
  for (std::int64_t i = 0; i < length;) {
    UChar32 point = 0;
    U8_NEXT(bytes, i, length, point);
    if (point < 0) return false;
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int64_t>(text.size());
  std::string out;
  out.reserve(text.size());
  for (std::int64_t i = 0; i < length;) {
    const auto start = i;
    UChar32 point = 0;
    U8_NEXT(bytes, i, length, point);
    if (point < 0)
      out += kReplacement;
    else
      out += text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(i - start));
  }
  return out;
}

}  // namespace slate::http
