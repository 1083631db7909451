#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <xxhash.h>

#include "base/check.h"
#include "codec/block.h"
#include "codec/scalar_bytes.h"

namespace slate {
namespace {

void pad(std::string& out, std::size_t alignment) {
  out.append((alignment - out.size() % alignment) % alignment, '\0');
}

// Appends count bytes for the caller to fill.
char* grow(std::string& out, std::size_t count) {
  const std::size_t at = out.size();
  out.resize_and_overwrite(at + count, [&](char*, std::size_t) { return at + count; });
  return out.data() + at;
}

std::uint8_t delta_width(std::uint64_t range) {
  if (range == 0) return 0;
  if (range <= 0xff) return 1;
  if (range <= 0xffff) return 2;
  if (range <= 0xffff'ffff) return 4;
  return 8;
}

// Distinct texts of a column in order of appearance, while there are few of them.
class DistinctTexts {
 public:
  static constexpr std::size_t kMost = 256;

  // The code of a text, or kMost when there are too many.
  std::size_t code(std::string_view text, std::uint64_t prefix) {
    // Up to sixteen bytes, the ends and the size are the text.
    std::uint64_t suffix = 0;
    if (text.size() > 8) std::memcpy(&suffix, text.data() + text.size() - 8, 8);
    const std::uint64_t mixed = (prefix ^ std::rotl(suffix, 29) ^ text.size()) * 0x9e37'79b9'7f4a'7c15u;
    for (std::size_t slot = mixed >> (64 - kSlotBits);; slot = (slot + 1) % kSlots) {
      if (slots_[slot] == 0) {
        if (count_ == kMost) return kMost;
        entries_[count_] = {.prefix = prefix, .suffix = suffix, .text = text};
        slots_[slot] = static_cast<std::uint16_t>(++count_);
        return count_ - 1;
      }
      const std::size_t found = slots_[slot] - 1u;
      const Entry& entry = entries_[found];
      if (entry.prefix == prefix && entry.suffix == suffix && entry.text.size() == text.size() &&
          (text.size() <= 16 || entry.text == text))
        return found;
    }
  }
  std::size_t count() const { return count_; }
  std::string_view text(std::size_t code) const { return entries_[code].text; }

 private:
  static constexpr std::size_t kSlotBits = 10;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  struct Entry {
    std::uint64_t prefix;
    std::uint64_t suffix;
    std::string_view text;
  };
  std::array<std::uint16_t, kSlots> slots_{};  // position in entries_, plus one
  std::size_t count_ = 0;
  std::unique_ptr<Entry[]> entries_ = std::make_unique_for_overwrite<Entry[]>(kMost);
};

}  // namespace

void ColumnBuffer::resize(std::size_t rows) {
  if (rows < rows_ && rows % 64 != 0) validity_[rows / 64] &= (std::uint64_t{1} << (rows % 64)) - 1;
  validity_.resize(bitmap_words(rows), 0);
  switch (type_) {
    case Type::kFloat: reals_.resize(rows, 0); break;
    case Type::kString:
    case Type::kList: slices_.resize(rows); break;
    default: integers_.resize(rows, 0); break;
  }
  if (rows == 0) text_bytes_ = 0;
  rows_ = rows;
}

void ColumnBuffer::load(const ColumnView& column, std::size_t rows) {
  clear();
  resize(rows);
  if (column.encoding == Encoding::kNull || rows == 0) return;
  if (column.validity != nullptr)
    std::copy_n(column.validity, validity_.size(), validity_.begin());
  else
    std::ranges::fill(validity_, ~std::uint64_t{0});
  if (rows % 64 != 0) validity_.back() &= (std::uint64_t{1} << (rows % 64)) - 1;
  switch (type_) {
    case Type::kFloat:
      for (std::size_t row = 0; row < rows; ++row) reals_[row] = is_null(row) ? 0 : column.real(row);
      break;
    case Type::kString:
    case Type::kList: {
      // The bytes as they lie there; rows of one dictionary entry share it.
      std::uint64_t end = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        if (is_null(row)) continue;
        const std::string_view cell = column.text(row);
        slices_[row] = {.offset = static_cast<std::uint64_t>(cell.data() - column.bytes),
                        .length = static_cast<std::uint32_t>(cell.size())};
        text_bytes_ += cell.size();
        end = std::max(end, slices_[row].offset + cell.size());
      }
      arena_.assign(column.bytes, end);
      break;
    }
    default:
      for (std::size_t row = 0; row < rows; ++row) integers_[row] = is_null(row) ? 0 : column.integer(row);
      break;
  }
}

void ColumnBuffer::set_null(std::size_t row) {
  validity_[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
  if (!slices_.empty()) {
    text_bytes_ -= slices_[row].length;
    slices_[row] = {};
  }
}
void ColumnBuffer::set_integer(std::size_t row, std::int64_t value) {
  validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
  integers_[row] = value;
}
void ColumnBuffer::set_real(std::size_t row, double value) {
  validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
  reals_[row] = value;
}
void ColumnBuffer::set_text(std::size_t row, std::string_view value) {
  validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
  text_bytes_ += value.size() - slices_[row].length;
  slices_[row] = {.offset = arena_.size(), .length = static_cast<std::uint32_t>(value.size())};
  arena_.append(value);
}

std::optional<ColumnEntry> ColumnBuffer::encode(FieldId field, std::size_t begin, std::size_t end,
                                                std::string& out) const {
  const std::size_t rows = end - begin;
  std::array<std::uint64_t, bitmap_words(kBlockMaxRows)> validity{};
  std::size_t present = 0;
  if (begin == 0) {
    for (std::size_t word = 0; word < bitmap_words(rows); ++word) {
      validity[word] = validity_[word];
      if (word == rows / 64) validity[word] &= (std::uint64_t{1} << (rows % 64)) - 1;
      present += static_cast<std::size_t>(std::popcount(validity[word]));
    }
  } else {
    for (std::size_t row = 0; row < rows; ++row) {
      if (is_null(begin + row)) continue;
      validity[row >> 6] |= std::uint64_t{1} << (row & 63);
      ++present;
    }
  }
  if (present == 0) return std::nullopt;

  ColumnEntry entry{.field = field, .type = type_, .offset = static_cast<std::uint32_t>(out.size())};
  entry.null_count = static_cast<std::uint32_t>(rows - present);
  if (present < rows) {
    entry.has_validity = 1;
    out.append(reinterpret_cast<const char*>(validity.data()), bitmap_words(rows) * 8);
  }
  switch (type_) {
    case Type::kFloat: encode_reals(entry, begin, end, out); break;
    case Type::kString:
    case Type::kList: encode_texts(entry, begin, end, out); break;
    default: encode_integers(entry, begin, end, out); break;
  }
  entry.size = static_cast<std::uint32_t>(out.size()) - entry.offset;
  pad(out, 8);
  return entry;
}

void ColumnBuffer::encode_integers(ColumnEntry& entry, std::size_t begin, std::size_t end,
                                   std::string& out) const {
  std::int64_t minimum = INT64_MAX;
  std::int64_t maximum = INT64_MIN;
  const bool no_nulls = entry.has_validity == 0;
  for (std::size_t row = begin; row < end; ++row) {
    if (!no_nulls && is_null(row)) continue;
    minimum = std::min(minimum, integers_[row]);
    maximum = std::max(maximum, integers_[row]);
  }
  const auto base = static_cast<std::uint64_t>(minimum);
  entry.encoding = Encoding::kInteger;
  entry.minimum = base;
  entry.maximum = static_cast<std::uint64_t>(maximum);
  entry.width = delta_width(static_cast<std::uint64_t>(maximum) - base);
  char* to = grow(out, (end - begin) * entry.width);
  const auto write = [&]<typename T>(T) {
    for (std::size_t row = begin; row < end; ++row) {
      // A null's delta is zero, so that equal data gives equal bytes.
      const bool null = !no_nulls && is_null(row);
      const T delta = null ? T{0} : static_cast<T>(static_cast<std::uint64_t>(integers_[row]) - base);
      std::memcpy(to, &delta, sizeof(T));
      to += sizeof(T);
    }
  };
  switch (entry.width) {
    case 0: break;
    case 1: write(std::uint8_t{}); break;
    case 2: write(std::uint16_t{}); break;
    case 4: write(std::uint32_t{}); break;
    default: write(std::uint64_t{}); break;
  }
}

void ColumnBuffer::encode_reals(ColumnEntry& entry, std::size_t begin, std::size_t end,
                                std::string& out) const {
  double minimum = 0;
  double maximum = 0;
  bool any = false;
  for (std::size_t row = begin; row < end; ++row) {
    const bool null = is_null(row);
    put(out, null ? 0.0 : reals_[row]);
    if (null) continue;
    minimum = any ? std::min(minimum, reals_[row]) : reals_[row];
    maximum = any ? std::max(maximum, reals_[row]) : reals_[row];
    any = true;
  }
  entry.encoding = Encoding::kFloat;
  entry.width = 8;
  entry.minimum = std::bit_cast<std::uint64_t>(minimum);
  entry.maximum = std::bit_cast<std::uint64_t>(maximum);
}

void ColumnBuffer::encode_texts(ColumnEntry& entry, std::size_t begin, std::size_t end,
                                std::string& out) const {
  const std::size_t rows = end - begin;
  std::size_t bytes = 0;
  entry.minimum = UINT64_MAX;
  entry.maximum = 0;
  // A dictionary is tried until it has shown that it would not pay.
  DistinctTexts distinct;
  std::array<std::uint16_t, kBlockMaxRows> codes;
  bool few = type_ == Type::kString && rows <= kBlockMaxRows;
  std::size_t seen = 0;
  for (std::size_t row = begin; row < end; ++row) {
    codes[row - begin] = 0;
    if (is_null(row)) continue;
    const std::string_view cell = text(row);
    bytes += cell.size();
    const std::uint64_t prefix = text_prefix(cell);
    entry.minimum = std::min(entry.minimum, prefix);
    entry.maximum = std::max(entry.maximum, prefix);
    if (!few) continue;
    const std::size_t code = distinct.code(cell, prefix);
    ++seen;
    few = code < DistinctTexts::kMost && distinct.count() <= 16 + seen / 2;
    codes[row - begin] = static_cast<std::uint16_t>(code);
  }
  if (few) {
    std::size_t dictionary_bytes = (distinct.count() + 1) * 4;
    for (std::size_t i = 0; i < distinct.count(); ++i) dictionary_bytes += distinct.text(i).size();
    few = dictionary_bytes + rows < bytes + (rows + 1) * 2;
  }

  if (few) {
    std::vector<std::uint16_t> order(distinct.count());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
    std::ranges::sort(order, {}, [&](std::uint16_t i) { return distinct.text(i); });
    std::vector<std::uint16_t> rank(distinct.count());
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<std::uint16_t>(i);
    entry.encoding = Encoding::kDictionary;
    entry.dictionary_size = static_cast<std::uint32_t>(distinct.count());
    entry.width = distinct.count() == 1 ? 0 : 1;
    if (entry.width == 1) {
      char* to = grow(out, rows);
      for (std::size_t i = 0; i < rows; ++i)
        to[i] = is_null(begin + i) ? '\0' : static_cast<char>(rank[codes[i]]);
    }
    pad(out, 4);
    std::uint32_t offset = 0;
    put(out, offset);
    for (const std::uint16_t i : order)
      put(out, offset += static_cast<std::uint32_t>(distinct.text(i).size()));
    for (const std::uint16_t i : order) out.append(distinct.text(i));
    return;
  }

  entry.encoding = Encoding::kPlain;
  entry.width = bytes <= 0xffff ? 2 : 4;
  char* to = grow(out, (rows + 1) * entry.width + bytes);
  std::uint32_t offset = 0;
  const Slice* first = nullptr;  // of the cells that are there
  bool in_order = true;          // whether the arena has them one behind the other
  const auto write = [&]<typename T>(T) {
    T at = 0;
    std::memcpy(to, &at, sizeof(T));
    for (std::size_t row = begin; row < end; ++row) {
      to += sizeof(T);
      if (!is_null(row)) {
        if (first == nullptr) first = &slices_[row];
        in_order = in_order && slices_[row].offset == first->offset + offset;
        offset += slices_[row].length;
      }
      at = static_cast<T>(offset);
      std::memcpy(to, &at, sizeof(T));
    }
    to += sizeof(T);
  };
  if (entry.width == 2)
    write(std::uint16_t{});
  else
    write(std::uint32_t{});
  if (in_order) {
    std::memcpy(to, arena_.data() + first->offset, bytes);
    return;
  }
  for (std::size_t row = begin; row < end; ++row)
    if (!is_null(row)) to = std::ranges::copy(text(row), to).out;
}

BlockWriter::BlockWriter(DocId first_docid, std::uint32_t row_count, std::span<const std::uint64_t> live,
                         std::size_t max_columns, std::size_t expected_bytes) {
  bytes_.reserve(expected_bytes);
  BlockHeader header;
  header.first_docid = first_docid;
  header.row_count = row_count;
  header.live_count = row_count;
  header.has_live_bitmap = live.empty() ? 0 : 1;
  if (!live.empty()) {
    header.live_count = 0;
    for (std::size_t word = 0; word < bitmap_words(row_count); ++word)
      header.live_count += static_cast<std::uint32_t>(std::popcount(live[word]));
  }
  put(bytes_, header);
  if (!live.empty()) bytes_.append(reinterpret_cast<const char*>(live.data()), bitmap_words(row_count) * 8);
  directory_offset_ = bytes_.size();
  bytes_.append(max_columns * sizeof(ColumnEntry), '\0');
}

void BlockWriter::add(FieldId field, const ColumnBuffer& buffer, std::size_t begin, std::size_t end) {
  const auto entry = buffer.encode(field, begin, end, bytes_);
  if (!entry) return;
  std::memcpy(bytes_.data() + directory_offset_ + columns_ * sizeof(ColumnEntry), &*entry,
              sizeof(ColumnEntry));
  ++columns_;
}

void BlockWriter::copy(const BlockView& block, const ColumnEntry& entry) {
  ColumnEntry moved = entry;
  moved.offset = static_cast<std::uint32_t>(bytes_.size());
  const auto from = block.bytes().subspan(entry.offset, entry.size);
  bytes_.append(reinterpret_cast<const char*>(from.data()), from.size());
  pad(bytes_, 8);
  std::memcpy(bytes_.data() + directory_offset_ + columns_ * sizeof(ColumnEntry), &moved,
              sizeof(ColumnEntry));
  ++columns_;
}

std::string BlockWriter::finish() {
  check(bytes_.size() <= UINT32_MAX, "a block of 4 GiB");
  auto* header = reinterpret_cast<BlockHeader*>(bytes_.data());
  header->column_count = columns_;
  header->size = static_cast<std::uint32_t>(bytes_.size());
  seal_block(bytes_);
  return std::move(bytes_);
}

void seal_block(std::string& bytes) {
  constexpr std::size_t kAt = offsetof(BlockHeader, checksum);
  constexpr std::size_t kHashed = kAt + sizeof(BlockHeader::checksum);
  const std::uint64_t checksum = XXH64(bytes.data() + kHashed, bytes.size() - kHashed, 0);
  std::memcpy(bytes.data() + kAt, &checksum, sizeof(checksum));
}

}  // namespace slate
