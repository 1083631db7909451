// Any bytes as rows on their way in, and as blocks on their way out: refused, or all of it can be read.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "wire/block_payload.h"
#include "wire/row_payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto writes = wire::read_writes(bytes, data[0])) {
    std::string again;
    for (const RecordWrite& write : *writes) wire::append_write(write, again);
    if (!wire::read_writes(again, data[0])) __builtin_trap();
  }
  (void)wire::read_rows(bytes, data[0],
                        [](std::string_view, std::span<const CellRef>) -> Result<void> { return {}; });

  std::vector<std::uint64_t> aligned(bytes.size() / 8 + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const std::vector<ResultColumn> columns{{"a", Type::kString, {}},
                                          {"b", Type::kInt, {}},
                                          {"c", Type::kFloat, {}},
                                          {"d", Type::kList, {Field{}}}};
  wire::BlockReader reader({reinterpret_cast<const char*>(aligned.data()), bytes.size()}, columns);
  for (;;) {
    const auto batch = reader.next();
    if (!batch || *batch == nullptr) return 0;
    for (std::size_t i = 0; i < (*batch)->size(); ++i) (void)to_record(columns, **batch, i);
  }
}
