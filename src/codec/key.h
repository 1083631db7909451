// Order-preserving index keys: comparing keys as bytes equals comparing the values. Format and golden
// vectors: docs/formats/index-key.md.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/value.h>

namespace slate {

// What LMDB takes.
inline constexpr std::size_t kMaxKeyBytes = 511;
// A key of at least this many bytes may have been cut: entries under it are settled against their records.
inline constexpr std::size_t kSettleKeyBytes = 500;

// Numbers as unsigned ones that order as they do.
inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
inline std::uint64_t ordered_image(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ kSignBit;
}
inline std::uint64_t ordered_image(double value) {  // REQUIRES: not NaN, not -0.0
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}
// And back.
inline std::int64_t integer_of_image(std::uint64_t image) {
  return static_cast<std::int64_t>(image ^ kSignBit);
}
inline double real_of_image(std::uint64_t image) {
  return std::bit_cast<double>((image & kSignBit) != 0 ? image & ~kSignBit : ~image);
}

// Builds one key, component by component, in a fixed buffer: no allocation. A component that does not fit
// ends the key; what is added after it is ignored. Reusable after clear().
class KeyBuilder {
 public:
  void clear() {
    size_ = 0;
    cut_ = false;
  }
  void add_null(Direction direction);
  void add_integer(std::int64_t value, Direction direction);  // int, date, bool
  void add_real(double value, Direction direction);           // REQUIRES: not NaN
  void add_text(std::string_view value, Direction direction);

  // Whether nothing can be added any more.
  bool is_full() const { return cut_ || size_ + kLeastRoom > kMaxKeyBytes; }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(buffer_.data()), size_}; }

 private:
  // The least room that a component is begun in, whatever its value: what a number takes. Were it to depend
  // on the value, of two rows that are equal up to there one might end its key and the other go on.
  static constexpr std::size_t kLeastRoom = 9;
  void add_fixed(std::uint64_t image, Direction direction);

  std::array<std::uint8_t, kMaxKeyBytes> buffer_;
  std::size_t size_ = 0;
  bool cut_ = false;
};

// The bytes before which, or from which on, every non-null value of a component lies: what a walk over all
// values or all nulls seeks to.
std::string null_component(Direction direction);

// The smallest byte string greater than every string that begins with `prefix`, or nothing when there is
// none.
std::optional<std::string> prefix_successor(std::string_view prefix);

// A decoded component. A text that was cut is what is left of it.
struct KeyComponent {
  std::variant<Null, std::int64_t, double, std::string> value;
  bool cut = false;
};
// The bytes that the first component of `key` takes, or nothing when it was cut, left out or is malformed.
std::optional<std::size_t> component_bytes(std::string_view key, Type type, Direction direction);

// Takes one component off the front of `key`. `type` is the column's: string, int, float, bool or date.
// Any bytes are survived; malformed ones are `corrupt`.
Result<KeyComponent> take_component(std::string_view& key, Type type, Direction direction);

}  // namespace slate
