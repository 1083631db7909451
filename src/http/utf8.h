#pragma once

#include <string>
#include <string_view>

namespace slate::http {

// Well-formed UTF-8: no surrogates, no overlong forms, nothing beyond U+10FFFF. O(n).
bool is_utf8(std::string_view text);
// The text with each ill-formed piece as U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace slate::http
