#include "codec/key.h"

#include <bit>
#include <cstring>

namespace slate {
namespace {

// First byte of a component. Null sorts before every value.
constexpr std::uint8_t kNullRank = 0x01;
constexpr std::uint8_t kValueRank = 0x02;
// Inside a text, NUL is written as kEscape kEscapedNul; the text ends with kEscape and one of the two ends.
constexpr std::uint8_t kEscape = 0x00;
constexpr std::uint8_t kEnd = 0x01;
constexpr std::uint8_t kCutEnd = 0x02;
constexpr std::uint8_t kEscapedNul = 0xff;

std::uint8_t mask_of(Direction direction) { return direction == Direction::kAscending ? 0x00 : 0xff; }

Failure malformed() { return fail(Reason::kCorrupt, "malformed index key"); }

}  // namespace

void KeyBuilder::add_null(Direction direction) {
  if ((cut_ = is_full())) return;
  buffer_[size_++] = kNullRank ^ mask_of(direction);
}

void KeyBuilder::add_fixed(std::uint64_t image, Direction direction) {
  if ((cut_ = is_full())) return;
  const std::uint8_t mask = mask_of(direction);
  buffer_[size_++] = kValueRank ^ mask;
  image = std::byteswap(direction == Direction::kAscending ? image : ~image);
  std::memcpy(buffer_.data() + size_, &image, sizeof(image));
  size_ += sizeof(image);
}

void KeyBuilder::add_integer(std::int64_t value, Direction direction) {
  add_fixed(ordered_image(value), direction);
}

void KeyBuilder::add_real(double value, Direction direction) {
  add_fixed(ordered_image(value == 0.0 ? 0.0 : value), direction);
}

void KeyBuilder::add_text(std::string_view value, Direction direction) {
  if ((cut_ = is_full())) return;
  const std::size_t start = size_;
  const std::size_t last = kMaxKeyBytes - 2;  // room for the end
  buffer_[size_++] = kValueRank;
  std::uint8_t end = kEnd;
  // Most texts fit and have no NUL: they are copied as they are.
  if (value.size() <= last - size_ && value.find('\0') == std::string_view::npos) {
    size_ += value.copy(reinterpret_cast<char*>(buffer_.data()) + size_, value.size());
    value = {};
  }
  for (const char c : value) {
    const auto byte = static_cast<std::uint8_t>(c);
    const std::size_t need = byte == kEscape ? 2 : 1;
    if (size_ + need > last) {
      end = kCutEnd;
      cut_ = true;
      break;
    }
    buffer_[size_++] = byte;
    if (byte == kEscape) buffer_[size_++] = kEscapedNul;
  }
  buffer_[size_++] = kEscape;
  buffer_[size_++] = end;
  if (direction == Direction::kDescending)
    for (std::size_t i = start; i < size_; ++i) buffer_[i] = static_cast<std::uint8_t>(~buffer_[i]);
}

std::string null_component(Direction direction) {
  return std::string(1, static_cast<char>(kNullRank ^ mask_of(direction)));
}

std::optional<std::string> prefix_successor(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty()) {
    const auto byte = static_cast<std::uint8_t>(next.back());
    if (byte != 0xff) {
      next.back() = static_cast<char>(byte + 1);
      return next;
    }
    next.pop_back();
  }
  return std::nullopt;
}

std::optional<std::size_t> component_bytes(std::string_view key, Type type, Direction direction) {
  const std::uint8_t mask = mask_of(direction);
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(key[i]) ^ mask);
  };
  if (key.empty()) return std::nullopt;
  if (at(0) == kNullRank) return 1;
  if (at(0) != kValueRank) return std::nullopt;
  if (type != Type::kString) return key.size() >= 9 ? std::optional<std::size_t>(9) : std::nullopt;
  for (std::size_t i = 1; i + 1 < key.size(); ++i) {
    if (at(i) != kEscape) continue;
    ++i;
    if (at(i) == kEnd) return i + 1;
    if (at(i) != kEscapedNul) return std::nullopt;
  }
  return std::nullopt;
}

Result<KeyComponent> take_component(std::string_view& key, Type type, Direction direction) {
  const std::uint8_t mask = mask_of(direction);
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(key[i]) ^ mask);
  };
  if (key.empty()) return malformed();
  if (at(0) == kNullRank) {
    key.remove_prefix(1);
    return KeyComponent{};
  }
  if (at(0) != kValueRank) return malformed();

  if (type != Type::kString) {
    if (key.size() < 9) return malformed();
    std::uint64_t image = 0;
    for (std::size_t i = 1; i < 9; ++i) image = image << 8 | at(i);
    key.remove_prefix(9);
    if (type == Type::kFloat) return KeyComponent{.value = real_of_image(image)};
    return KeyComponent{.value = integer_of_image(image)};
  }

  std::string text;
  for (std::size_t i = 1; i < key.size(); ++i) {
    if (at(i) != kEscape) {
      text += static_cast<char>(at(i));
      continue;
    }
    if (++i == key.size()) return malformed();
    const std::uint8_t next = at(i);
    if (next == kEscapedNul) {
      text += '\0';
    } else if (next == kEnd || next == kCutEnd) {
      key.remove_prefix(i + 1);
      return KeyComponent{.value = std::move(text), .cut = next == kCutEnd};
    } else {
      return malformed();
    }
  }
  return malformed();
}

}  // namespace slate
