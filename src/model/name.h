// Names of datasources, lists and fields, and what was probably meant by a wrong one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate {

// [A-Za-z][A-Za-z0-9_-]*, at most Limits::kNameBytes. invalid_argument saying which rule `name` breaks;
// `what` begins the message: "the name of a field". Names that begin with "_" are Slate's own and are
// refused.
Result<void> validate_name(std::string_view name, std::string_view what);

// The candidate that `word` was most likely meant to be: equal but for case and "_" or "-", or at most two
// slips of the keyboard away (one in words below five letters). O(candidates * length of the word squared).
std::optional<std::string> near_miss(std::string_view word, std::span<const std::string_view> candidates);
// The same as a hint, `did you mean "status"?`, or "" for none.
std::string near_miss_hint(std::string_view word, std::span<const std::string_view> candidates);

// Text of others as messages may show it: cut at 64 bytes, invalid UTF-8 and control characters replaced by
// "?".
std::string shown(std::string_view text);
// The same between quotes.
std::string quoted(std::string_view text);

}  // namespace slate
