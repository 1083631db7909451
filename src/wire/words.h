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

// The word with this number, `last` being the highest. unimplemented for others: a newer peer's.
template <typename Enum>
Result<Enum> word(int value, Enum first, Enum last, std::string_view what) {
  if (value < number(first) || value > number(last))
    return fail(Reason::kUnimplemented, fmt::format("{} {} is not known here", what, value));
  return static_cast<Enum>(value);
}

}  // namespace slate::wire
