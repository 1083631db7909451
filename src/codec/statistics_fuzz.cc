// Any bytes: verify() refuses them, or everything that they hold can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>
#include <xxhash.h>

#include "codec/statistics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> aligned((size + 7) / 8 + 1);
  if (size > 0) std::memcpy(aligned.data(), data, size);
  auto* bytes = reinterpret_cast<std::byte*>(aligned.data());
  // The sample's checksum is made to fit, so that the fuzzer reaches the structure behind it.
  if (size >= sizeof(slate::StatisticsHeader)) {
    slate::StatisticsHeader header;
    std::memcpy(&header, bytes, sizeof(header));
    const std::size_t sample = sizeof(header) + std::size_t{header.columns} * sizeof(slate::ColumnStatistics);
    if (sample < size && size - sample >= sizeof(slate::BlockHeader)) {
      const std::uint64_t sum = XXH64(bytes + sample + 16, size - sample - 16, 0);
      std::memcpy(bytes + sample + 8, &sum, 8);
    }
  }
  const auto view = slate::StatisticsView::verify({bytes, size});
  if (!view) return 0;
  for (const auto& column : view->columns())
    if (view->find(column.field) != &column) std::abort();
  if (const auto sample = view->sample())
    for (const auto& entry : sample->entries())
      for (std::uint32_t row = 0; row < sample->row_count(); ++row) (void)sample->column(entry).value(row);
  return 0;
}
