#include "exec/text_match.h"

#include <algorithm>
#include <cstring>

#include "query/fold.h"

namespace slate {
namespace {

bool matches(TextMatch match, std::string_view text, std::string_view needle) {
  switch (match) {
    case TextMatch::kContains: return text.find(needle) != std::string_view::npos;
    case TextMatch::kStartswith: return text.starts_with(needle);
    case TextMatch::kEndswith: return text.ends_with(needle);
    case TextMatch::kEquals: return text == needle;
  }
  return false;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_folded(std::string_view text, std::string_view needle) {
  for (std::size_t i = 0; i < needle.size(); ++i)
    if (lower(text[i]) != needle[i]) return false;
  return true;
}

// ASCII text against a folded ASCII needle.
bool contains_folded(std::string_view text, std::string_view needle) {
  if (needle.empty()) return true;
  const char first = needle.front();
  for (std::size_t at = 0; at + needle.size() <= text.size(); ++at)
    if (lower(text[at]) == first && equal_folded(text.substr(at, needle.size()), needle)) return true;
  return false;
}

bool matches_ascii(TextMatch match, std::string_view text, std::string_view needle) {
  if (text.size() < needle.size()) return false;
  switch (match) {
    case TextMatch::kContains: return contains_folded(text, needle);
    case TextMatch::kStartswith: return equal_folded(text, needle);
    case TextMatch::kEndswith: return equal_folded(text.substr(text.size() - needle.size()), needle);
    case TextMatch::kEquals: return text.size() == needle.size() && equal_folded(text, needle);
  }
  return false;
}

}  // namespace

std::function<bool(std::string_view)> text_matcher(TextMatch match, CaseRule case_rule, std::string needle) {
  if (case_rule == CaseRule::kExact)
    return
        [match, needle = std::move(needle)](std::string_view text) { return matches(match, text, needle); };
  const bool ascii_needle = is_ascii(needle);
  return [match, needle = std::move(needle), ascii_needle](std::string_view text) {
    if (is_ascii(text)) return ascii_needle && matches_ascii(match, text, needle);
    thread_local std::string folded;
    fold_case(text, folded);
    return matches(match, folded, needle);
  };
}

}  // namespace slate
