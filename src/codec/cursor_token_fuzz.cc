// Whatever is given as a cursor is refused or is what was sealed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codec/cursor_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  slate::CursorKey key{};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)slate::unseal(text, key);
  const slate::CursorToken token{.previous = size % 2 == 1,
                                 .docid = size,
                                 .values = std::string(text.substr(0, slate::kMostCursorValueBytes))};
  const auto again = slate::unseal(slate::seal(token, key), key);
  if (!again || *again != token) std::abort();
  return 0;
}
