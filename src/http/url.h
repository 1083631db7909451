#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "http/message.h"

namespace slate::http {

// The request-target of a request line, taken apart.
struct Target {
  std::string path{};  // as sent
  // Decoded one by one after the cut, so that %2F is part of a segment: "/a/b%2Fc" has two.
  std::vector<std::string> segments{};
  // "a=1&b" is (a,1) (b,""); + is a space; empty pieces are left out.
  NamedValues query{};
};

// Takes origin form ("/path?query"), absolute form (the authority is ignored) and "*", whose path is "*"
// without segments. Characters that browsers leave unescaped, such as [ ] { } |, are taken as they are.
// Errors: invalid_argument for broken escapes, what does not decode to UTF-8, NUL in the path, blanks,
// control characters and fragments.
Result<Target> parse_target(std::string_view target);

// `text` with everything escaped but unreserved characters: fit for a path segment, a query name or value.
std::string escape(std::string_view text);

}  // namespace slate::http
