#include "codec/block_patch.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ranges>
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
  if (!is_changed()) {
    bytes_.assign(reinterpret_cast<const char*>(from), view().bytes().size());
    changed_rows_ = {row, row + 1};
  }
  changed_rows_ = {std::min(changed_rows_.begin, row), std::max(changed_rows_.end, row + 1)};
  std::memcpy(bytes_.data() + at, &bits, entry.width);  // little-endian
}

bool BlockPatch::set_text(FieldId field, std::uint32_t row, std::string_view value) {
  const ColumnEntry* entry = view().find(field);
  if (entry == nullptr || entry->encoding != Encoding::kDictionary) return false;
  const ColumnView column = view().column(*entry);
  if (column.is_null(row)) return false;
  const auto codes = std::views::iota(std::uint32_t{0}, column.dictionary_size);
  const auto string_of = [&](std::uint32_t code) { return column.dictionary(code); };
  const auto found = std::ranges::lower_bound(codes, value, {}, string_of);
  if (found == codes.end() || column.dictionary(*found) != value) return false;
  write(*entry, column.data, row, *found);
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
