// Whether a text is ASCII: asked of every string that is stored, folded or searched.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace slate {

// Whether there is no byte beyond 127. O(bytes), eight at a time; of long texts it stops early.
inline bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  const auto eight = [](const char* from) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, from, sizeof(bytes));
    return bytes;
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 64; at += 64) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 64; i += 8) bits |= eight(at + i);
    if ((bits & kHighBits) != 0) return false;
  }
  std::uint64_t bits = 0;
  for (; end - at >= 8; at += 8) bits |= eight(at);
  // What is left of a longer text, together with some bytes once more.
  if (text.size() >= 8)
    bits |= eight(end - 8);
  else
    for (; at != end; ++at) bits |= static_cast<unsigned char>(*at);
  return (bits & kHighBits) == 0;
}

}  // namespace slate
