#include "model/name.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include <slate/datasource.h>

#include "model/coerce.h"

namespace slate {
namespace {

constexpr std::size_t kShownBytes = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// Without case, "_" and "-".
std::string plain(std::string_view word) {
  std::string result;
  for (const char c : word)
    if (c != '_' && c != '-') result += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

Result<void> validate_name(std::string_view name, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    return fail(Error(Reason::kInvalidArgument, fmt::format("{} {}, got {}", what, why, quoted(name)))
                    .with_hint("letters, digits, \"_\" and \"-\", beginning with a letter"));
  };
  if (name.empty()) return refuse("must not be empty");
  if (name.front() == '_') return refuse("must not begin with \"_\", which is reserved for Slate");
  if (!is_letter(name.front())) return refuse("must begin with a letter");
  if (name.size() > Limits::kNameBytes)
    return refuse(fmt::format("must be at most {} bytes", Limits::kNameBytes));
  if (!std::ranges::all_of(name, is_name_character)) return refuse("has a character that names cannot have");
  return {};
}

std::optional<std::string> near_miss(std::string_view word, std::span<const std::string_view> candidates) {
  // A longer word is no slip of the keyboard, and its distance would be dear.
  constexpr std::size_t kLongest = 256;
  if (word.empty() || word.size() > kLongest) return std::nullopt;
  const std::string plain_word = plain(word);
  const std::size_t allowed = plain_word.size() < 5 ? 1 : 2;
  std::optional<std::string> nearest;
  std::size_t nearest_distance = allowed + 1;
  for (const auto candidate : candidates) {
    if (candidate.size() > word.size() + 8 || word.size() > candidate.size() + 8) continue;
    const std::size_t away = distance(plain_word, plain(candidate));
    if (away >= nearest_distance) continue;
    nearest = std::string(candidate);
    nearest_distance = away;
  }
  return nearest;
}

std::string near_miss_hint(std::string_view word, std::span<const std::string_view> candidates) {
  const auto nearest = near_miss(word, candidates);
  return nearest ? fmt::format("did you mean \"{}\"?", *nearest) : std::string();
}

std::string shown(std::string_view text) {
  std::string result(text.substr(0, kShownBytes));
  if (text.size() > kShownBytes) {
    // Not in the middle of a character, which has at most four bytes.
    while (!is_valid_utf8(result) && result.size() + 4 > kShownBytes) result.pop_back();
    result += "...";
  }
  const bool valid = is_valid_utf8(result);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!valid && byte >= 0x80)) c = '?';
  }
  return result;
}

std::string quoted(std::string_view text) { return '"' + shown(text) + '"'; }

}  // namespace slate
