#include "loader/secrets.h"

#include <algorithm>
#include <vector>

#include "model/coerce.h"

namespace slate {
namespace {

constexpr std::size_t kLongestMessage = 1024;
constexpr std::size_t kShortestSecretWord = 6;
constexpr std::string_view kRedacted = "[redacted]";

// Longest first, so that a part never spoils the match of the whole.
std::vector<std::string_view> secrets_in(const LoadMetadata& metadata) {
  std::vector<std::string_view> secrets;
  for (const auto& [name, value] : metadata) {
    const std::string_view whole = value;
    if (!whole.empty()) secrets.push_back(whole);
    for (std::size_t begin = 0; begin < whole.size();) {
      const auto end = std::min(whole.find_first_of(" \t,;=\"", begin), whole.size());
      if (end - begin >= kShortestSecretWord) secrets.push_back(whole.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::ranges::sort(secrets, std::ranges::greater{}, &std::string_view::size);
  return secrets;
}

}  // namespace

std::string presentable(std::string_view message, const LoadMetadata& metadata) {
  std::string text(message);
  for (const auto secret : secrets_in(metadata))
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kRedacted.size()))
      text.replace(at, secret.size(), kRedacted);
  if (!is_valid_utf8(text))
    std::ranges::replace_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }, '?');
  if (text.size() > kLongestMessage) {
    std::size_t end = kLongestMessage;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

}  // namespace slate
