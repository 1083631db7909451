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
  return secrets;
}

bool is_of_a_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

// What is as short as a word counts only where it stands alone.
bool stands_at(std::string_view text, std::size_t at, std::string_view secret) {
  if (secret.size() >= kShortestSecretWord) return true;
  const std::size_t end = at + secret.size();
  return (at == 0 || !is_of_a_word(text[at - 1])) && (end == text.size() || !is_of_a_word(text[end]));
}

// Found in the message as it came, so that secrets may overlap, and none is looked for in what replaces
// another.
std::string redacted(std::string_view message, const LoadMetadata& metadata) {
  std::vector<bool> is_secret(message.size());
  for (const auto secret : secrets_in(metadata)) {
    std::size_t known = 0;  // where the last one found ends
    for (auto at = message.find(secret); at != std::string_view::npos; at = message.find(secret, at + 1)) {
      if (!stands_at(message, at, secret)) continue;
      const std::size_t end = at + secret.size();
      for (std::size_t i = std::max(at, known); i < end; ++i) is_secret[i] = true;
      known = end;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (!is_secret[i])
      text += message[i];
    else if (i == 0 || !is_secret[i - 1])
      text += kRedacted;
  }
  return text;
}

}  // namespace

std::string presentable(std::string_view message, const LoadMetadata& metadata) {
  std::string text = redacted(message, metadata);
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
