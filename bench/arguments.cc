#include "bench/arguments.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "model/name.h"

namespace slate::bench {

Result<std::vector<std::size_t>> parse_records(std::span<const std::string> texts) {
  std::vector<std::size_t> counts;
  for (const std::string& text : texts) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 10 || count > 100'000'000)
      return fail(Reason::kInvalidArgument,
                  "--records: expected whole numbers from 10 to 100000000, got " + quoted(text));
    counts.push_back(count);
  }
  return counts;
}

Result<void> check_names(std::string_view flag, std::span<const std::string> names,
                         std::span<const std::string> known) {
  for (const std::string& name : names)
    if (std::ranges::find(known, name) == known.end())
      return fail(Reason::kInvalidArgument, fmt::format("{}: there is no {}; known are {}", flag,
                                                        quoted(name), fmt::join(known, ", ")));
  return {};
}

}  // namespace slate::bench
