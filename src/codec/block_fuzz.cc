// Any bytes: verify() refuses them, or every cell can be read.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>
#include <xxhash.h>

#include "codec/block.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof(slate::BlockHeader)) return 0;
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  std::memcpy(aligned.data(), data, size);
  auto* bytes = reinterpret_cast<std::byte*>(aligned.data());
  // The checksum is made to fit, so that the fuzzer reaches the structure behind it.
  const std::uint64_t sum = XXH64(bytes + 16, size - 16, 0);
  std::memcpy(bytes + 8, &sum, 8);
  const auto view = slate::BlockView::verify({bytes, size});
  if (!view) return 0;
  for (const auto& entry : view->entries()) {
    const auto column = view->column(entry);
    for (std::uint32_t row = 0; row < view->row_count(); ++row) (void)column.value(row);
  }
  return 0;
}
