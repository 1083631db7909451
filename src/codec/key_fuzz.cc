// Any bytes: a component decodes to what encodes to the same bytes, or is refused.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static constexpr slate::Type kTypes[] = {slate::Type::kString, slate::Type::kInt, slate::Type::kFloat,
                                           slate::Type::kBool, slate::Type::kDate};
  const slate::Type type = kTypes[data[0] % 5];
  const auto direction = data[1] % 2 == 0 ? slate::Direction::kAscending : slate::Direction::kDescending;
  std::string_view key(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view whole = key;
  const auto component = slate::take_component(key, type, direction);
  if (!component || component->cut || whole.size() - key.size() > slate::kSettleKeyBytes) return 0;
  slate::KeyBuilder builder;
  if (const auto* integer = std::get_if<std::int64_t>(&component->value)) {
    builder.add_integer(*integer, direction);
  } else if (const auto* real = std::get_if<double>(&component->value)) {
    if (*real != *real || *real == 0.0) return 0;
    builder.add_real(*real, direction);
  } else if (const auto* text = std::get_if<std::string>(&component->value)) {
    builder.add_text(*text, direction);
  } else {
    builder.add_null(direction);
  }
  if (builder.bytes() != whole.substr(0, whole.size() - key.size())) std::abort();
  return 0;
}
