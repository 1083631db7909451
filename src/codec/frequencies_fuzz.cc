// Whatever is stored as frequencies is refused or is what would be stored again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/frequencies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = slate::Frequencies::decode({reinterpret_cast<const char*>(data), size});
  if (!found) return 0;
  const auto again = slate::Frequencies::decode(found->encode());
  if (!again || again->present() != found->present() || again->values().size() != found->values().size())
    std::abort();
  return 0;
}
