#include "loader/secrets.h"

#include <algorithm>
#include <cctype>
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

bool is_of_a_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

bool stands_at(std::string_view text, std::size_t at, std::string_view secret) {
  if (!text.substr(at).starts_with(secret)) return false;
  if (secret.size() >= kShortestSecretWord) return true;
  const std::size_t end = at + secret.size();
  return (at == 0 || !is_of_a_word(text[at - 1])) && (end == text.size() || !is_of_a_word(text[end]));
}

std::string redacted(std::string_view message, const std::vector<std::string_view>& secrets) {
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    const auto secret =
        std::ranges::find_if(secrets, [&](std::string_view each) { return stands_at(message, at, each); });
    if (secret == secrets.end()) {
      text += message[at++];
    } else {
      text += kRedacted;
      at += secret->size();
    }
  }
  return text;
}

}  // namespace

std::string presentable(std::string_view message, const LoadMetadata& metadata) {
  std::string text = redacted(message, secrets_in(metadata));
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
