#include "codec/block_patch.h"

#include <cstring>
#include <utility>

namespace slate {

BlockView BlockPatch::view() const {
  return is_changed() ? BlockView::trusted(reinterpret_cast<const std::byte*>(bytes_.data())) : base_;
}

std::string BlockPatch::finish() {
  seal_block(bytes_);
  return std::exchange(bytes_, {});
}

// `data` are the column's codes or deltas in view().
void BlockPatch::write(const ColumnEntry& entry, const std::byte* data, std::uint32_t row,
                       std::uint64_t bits) {
  const std::byte* from = view().bytes().data();
  const auto at = static_cast<std::size_t>(data - from) + std::size_t{row} * entry.width;
  if (!is_changed()) bytes_.assign(reinterpret_cast<const char*>(from), view().bytes().size());
  std::memcpy(bytes_.data() + at, &bits, entry.width);  // little-endian
}

bool BlockPatch::set_text(FieldId field, std::uint32_t row, std::string_view value) {
  const ColumnEntry* entry = view().find(field);
  if (entry == nullptr || entry->encoding != Encoding::kDictionary) return false;
  const ColumnView column = view().column(*entry);
  if (column.is_null(row)) return false;
  std::uint32_t code = 0;
  for (std::uint32_t end = column.dictionary_size; code < end;) {
    const std::uint32_t middle = code + (end - code) / 2;
    if (column.dictionary(middle) < value)
      code = middle + 1;
    else
      end = middle;
  }
  if (code == column.dictionary_size || column.dictionary(code) != value) return false;
  write(*entry, column.data, row, code);
  return true;
}

bool BlockPatch::set_integer(FieldId field, Type type, std::uint32_t row, std::int64_t value) {
  const ColumnEntry* entry = view().find(field);
  if (entry == nullptr || entry->type != type || entry->encoding != Encoding::kInteger) return false;
  const ColumnView column = view().column(*entry);
  if (column.is_null(row) || value < column.base) return false;
  const std::uint64_t delta = static_cast<std::uint64_t>(value) - entry->minimum;
  if (entry->width < 8 && delta >> (8 * entry->width) != 0) return false;
  const bool is_above = value > static_cast<std::int64_t>(entry->maximum);
  const auto position = reinterpret_cast<const std::byte*>(entry) - view().bytes().data();
  write(*entry, column.data, row, delta);
  if (is_above) std::memcpy(bytes_.data() + position + offsetof(ColumnEntry, maximum), &value, sizeof(value));
  return true;
}

}  // namespace slate
