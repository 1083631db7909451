#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <xxhash.h>

#include "base/try.h"
#include "codec/block.h"
#include "codec/list_cell.h"

namespace slate {
namespace {

Failure corrupt(std::string what) { return fail(Reason::kCorrupt, "block: " + std::move(what)); }

// A column's payload after its validity bitmap, taken apart.
struct Payload {
  const std::byte* at;
  std::size_t size;
};

std::size_t align4(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

bool is_delta_width(std::uint8_t width) {
  return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
}

// Calls `check` with a number of the type that `width` bytes make; false when it is not 1, 2 or 4.
template <typename Check>
bool with_width(std::uint8_t width, Check check) {
  switch (width) {
    case 1: return check(std::uint8_t{});
    case 2: return check(std::uint16_t{});
    case 4: return check(std::uint32_t{});
    default: return false;
  }
}

// Offsets start at 0, never fall, and end at the number of bytes that follow them. Goes on after a fall: a
// loop without a way out is done many at a time.
bool offsets_hold(const std::byte* offsets, std::size_t count, std::uint8_t width, std::size_t bytes) {
  return with_width(width, [=]<typename Offset>(Offset) {
    unsigned falls = 0;
    for (std::size_t i = 1; i < count; ++i)
      falls |= ColumnView::load<Offset>(offsets, i) < ColumnView::load<Offset>(offsets, i - 1) ? 1u : 0u;
    return falls == 0 && ColumnView::load<Offset>(offsets, 0) == 0 &&
           ColumnView::load<Offset>(offsets, count - 1) == bytes;
  });
}

// Whether every code is one of `distinct` strings. As above.
bool codes_hold(const std::byte* codes, std::size_t rows, std::uint8_t width, std::size_t distinct) {
  if (width == 0) return true;
  return with_width(width, [=]<typename Code>(Code) {
    Code most = 0;
    for (std::size_t row = 0; row < rows; ++row) most = std::max(most, ColumnView::load<Code>(codes, row));
    return most < distinct;
  });
}

Result<void> verify_plain(const ColumnEntry& entry, Payload payload, std::size_t rows) {
  if (entry.width != 2 && entry.width != 4) return corrupt("offset width");
  if (entry.type != Type::kString && entry.type != Type::kList)
    return corrupt("plain column of another type");
  const std::size_t offsets = (rows + 1) * entry.width;
  if (payload.size < offsets) return corrupt("offsets beyond the column");
  if (!offsets_hold(payload.at, rows + 1, entry.width, payload.size - offsets)) return corrupt("offsets");
  return {};
}

Result<void> verify_dictionary(const ColumnEntry& entry, Payload payload, std::size_t rows) {
  if (entry.type != Type::kString) return corrupt("dictionary of another type");
  if (entry.width > 2) return corrupt("code width");
  const std::size_t distinct = entry.dictionary_size;
  if (distinct == 0 || distinct > rows) return corrupt("dictionary size");
  const std::size_t codes = align4(rows * entry.width);
  const std::size_t offsets = (distinct + 1) * sizeof(std::uint32_t);
  if (payload.size < codes + offsets) return corrupt("dictionary beyond the column");
  if (!offsets_hold(payload.at + codes, distinct + 1, 4, payload.size - codes - offsets))
    return corrupt("dictionary offsets");
  if (!codes_hold(payload.at, rows, entry.width, distinct)) return corrupt("dictionary code");
  return {};
}

Result<void> verify_column(const ColumnEntry& entry, const std::byte* block, std::size_t rows) {
  const std::size_t validity = entry.has_validity != 0 ? bitmap_words(rows) * 8 : 0;
  if (entry.has_validity > 1 || entry.size < validity) return corrupt("validity beyond the column");
  const Payload payload{block + entry.offset + validity, entry.size - validity};
  switch (entry.encoding) {
    case Encoding::kInteger:
      if (entry.type != Type::kInt && entry.type != Type::kDate && entry.type != Type::kBool)
        return corrupt("integers of another type");
      if (!is_delta_width(entry.width) || payload.size != rows * entry.width) return corrupt("integer width");
      return {};
    case Encoding::kFloat:
      if (entry.type != Type::kFloat || payload.size != rows * 8) return corrupt("float column size");
      return {};
    case Encoding::kPlain: return verify_plain(entry, payload, rows);
    case Encoding::kDictionary: return verify_dictionary(entry, payload, rows);
    case Encoding::kNull: break;
  }
  return corrupt("unknown encoding");
}

}  // namespace

Result<BlockView> BlockView::verify(std::span<const std::byte> bytes, Checksum checksum) {
  if (bytes.size() < sizeof(BlockHeader)) return corrupt("shorter than its header");
  const BlockView block(bytes.data());
  const BlockHeader& header = block.header();
  if (header.magic != kBlockMagic) return corrupt("not a block, or of an unknown version");
  if (header.size != bytes.size())
    return corrupt(fmt::format("says {} bytes, has {}", header.size, bytes.size()));
  const std::size_t hashed = offsetof(BlockHeader, checksum) + sizeof(header.checksum);
  if (checksum == Checksum::kVerified &&
      XXH64(bytes.data() + hashed, bytes.size() - hashed, 0) != header.checksum)
    return corrupt(fmt::format("checksum of the block at docid {} does not match", header.first_docid));

  const std::size_t rows = header.row_count;
  if (rows == 0 || rows > kBlockMaxRows) return corrupt("row count");
  if (header.has_live_bitmap > 1) return corrupt("live bitmap flag");
  const std::size_t bitmap = header.has_live_bitmap != 0 ? bitmap_words(rows) * 8 : 0;
  const std::size_t directory_end =
      sizeof(BlockHeader) + bitmap + std::size_t{header.column_count} * sizeof(ColumnEntry);
  if (directory_end > bytes.size()) return corrupt("directory beyond the block");

  std::optional<FieldId> previous;
  for (const ColumnEntry& entry : block.entries()) {
    if (previous && entry.field <= *previous) return corrupt("fields out of order");
    previous = entry.field;
    if (entry.offset % 8 != 0 || entry.offset < directory_end || entry.offset > bytes.size() ||
        entry.size > bytes.size() - entry.offset)
      return corrupt("column beyond the block");
    SLATE_TRY(verify_column(entry, bytes.data(), rows));
  }
  return block;
}

const ColumnEntry* BlockView::find(FieldId field) const {
  const auto all = entries();
  const auto found = std::ranges::lower_bound(all, field, {}, &ColumnEntry::field);
  return found != all.end() && found->field == field ? &*found : nullptr;
}

ColumnView BlockView::column(const ColumnEntry& entry) const {
  ColumnView view{.type = entry.type, .encoding = entry.encoding, .width = entry.width};
  const std::byte* at = data_ + entry.offset;
  const std::size_t rows = row_count();
  if (entry.has_validity != 0) {
    view.validity = reinterpret_cast<const std::uint64_t*>(at);
    at += bitmap_words(rows) * 8;
  }
  view.data = at;
  switch (entry.encoding) {
    case Encoding::kInteger: view.base = static_cast<std::int64_t>(entry.minimum); break;
    case Encoding::kPlain: view.bytes = reinterpret_cast<const char*>(at + (rows + 1) * entry.width); break;
    case Encoding::kDictionary:
      view.dictionary_size = entry.dictionary_size;
      view.dictionary_offsets = at + align4(rows * entry.width);
      view.bytes = reinterpret_cast<const char*>(view.dictionary_offsets + (entry.dictionary_size + 1) * 4);
      break;
    default: break;
  }
  return view;
}

ColumnView BlockView::column(FieldId field, Type type) const {
  const ColumnEntry* entry = find(field);
  if (entry == nullptr) return ColumnView{.type = type};
  return column(*entry);
}

std::span<const std::byte> aligned_block(std::string_view stored, std::unique_ptr<std::uint64_t[]>& copy) {
  const auto bytes = std::as_bytes(std::span(stored));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0) return bytes;
  copy = std::make_unique_for_overwrite<std::uint64_t[]>((bytes.size() + 7) / 8);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return {reinterpret_cast<const std::byte*>(copy.get()), bytes.size()};
}

Value ColumnView::value(std::size_t row) const {
  if (is_null(row)) return {};
  switch (type) {
    case Type::kString: return Value(text(row));
    case Type::kInt: return Value(integer(row));
    case Type::kFloat: return Value(real(row));
    case Type::kBool: return Value(integer(row) != 0);
    case Type::kDate: return Value(Date{integer(row)});
    case Type::kList: {
      auto list = decode_list(text(row));
      return list ? Value(*std::move(list)) : Value();
    }
    case Type::kMap: break;
  }
  return {};
}

}  // namespace slate
