// How far a request wants its matches counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <slate/error.h>

namespace slate {

struct CountMode {
  enum class Kind : std::uint8_t { kNone, kExact, kBounded };
  static constexpr std::uint64_t kDefaultBound = 10'000;

  Kind kind = Kind::kNone;
  std::uint64_t bound = kDefaultBound;  // kBounded: counts no further

  // As Snapshot::count() takes it.
  std::optional<std::uint64_t> limit() const {
    return kind == Kind::kBounded ? std::optional(bound) : std::nullopt;
  }
};

// What a page is counted by unless its request says otherwise.
inline constexpr CountMode kPageCount{.kind = CountMode::Kind::kBounded};

// "none", "exact", "bounded", "bounded:5000" or "5000"; `absent` when there is no text. invalid_argument
// naming `count`.
Result<CountMode> parse_count(const std::optional<std::string>& text, CountMode absent);

}  // namespace slate
