// Enums as numbers, and numbers from elsewhere as enums. Private to the room.
#pragma once

#include <concepts>
#include <fmt/format.h>
#include <string_view>
#include <type_traits>

#include <slate/error.h>

namespace slate::wire {

template <typename Enum>
constexpr int number(Enum value) {
  return static_cast<int>(static_cast<std::underlying_type_t<Enum>>(value));
}

// The word with this number, from that of `first` to that of `last`; on the wire they may begin elsewhere.
// unimplemented for others: a newer peer's.
template <typename Enum>
Result<Enum> word(int on_wire, Enum first, Enum last, std::string_view what, int first_on_wire) {
  const int value = on_wire - first_on_wire + number(first);
  if (value < number(first) || value > number(last))
    return fail(Reason::kUnimplemented, fmt::format("{} {} is not known here", what, on_wire));
  return static_cast<Enum>(value);
}
template <typename Enum>
Result<Enum> word(int on_wire, Enum first, Enum last, std::string_view what) {
  return word(on_wire, first, last, what, number(first));
}

}  // namespace slate::wire
