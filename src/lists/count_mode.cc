#include "lists/count_mode.h"

#include <charconv>
#include <string_view>
#include <system_error>

#include "model/name.h"

namespace slate {

Result<CountMode> parse_count(const std::optional<std::string>& text, CountMode absent) {
  if (!text) return absent;
  if (*text == "none") return CountMode{};
  if (*text == "exact") return CountMode{.kind = CountMode::Kind::kExact};
  if (*text == "bounded") return CountMode{.kind = CountMode::Kind::kBounded};
  std::string_view digits = *text;
  if (digits.starts_with("bounded:")) digits.remove_prefix(std::string_view("bounded:").size());
  CountMode mode{.kind = CountMode::Kind::kBounded};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode.bound);
  if (error == std::errc() && end == digits.data() + digits.size() && mode.bound > 0) return mode;
  return fail(
      Error(Reason::kInvalidArgument,
            "expected none, exact, bounded or bounded:N with N from 1 up, got " + slate::quoted(*text))
          .with_field("count"));
}

}  // namespace slate
