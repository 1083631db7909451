#include "exec/gathered_column.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>

#include "codec/block.h"

namespace slate {
namespace {

// A plain column of which one row in so many is wanted is copied whole, unless its texts are longer than
// this.
constexpr std::size_t kWholeShare = 4;
constexpr std::size_t kMostWholeBytes = 64 * 1024;

bool is_text(Type type) { return type == Type::kString || type == Type::kList; }

}  // namespace

std::size_t GatheredColumn::row_bytes(Type type) {
  return is_text(type) ? 2 * sizeof(std::uint32_t) : sizeof(std::uint64_t);
}

void GatheredColumn::start(std::size_t rows) {
  if (rows > room_) {
    const std::size_t bytes = rows * (is_text(type_) ? sizeof(std::uint32_t) : sizeof(std::uint64_t));
    data_ = std::make_unique_for_overwrite<std::uint64_t[]>((bytes + 7) / 8);
    room_ = rows;
  }
  validity_.assign(bitmap_words(rows), ~std::uint64_t{0});
  has_nulls_ = false;
  ends_.assign(1, 0);
  texts_.clear();
}

void GatheredColumn::add(const ColumnView& from, std::size_t block_rows, const Picks& picks) {
  add_nulls(from, picks);
  switch (from.encoding) {
    case Encoding::kNull: return;
    case Encoding::kFloat: return add_reals(from, picks);
    case Encoding::kPlain:
    case Encoding::kDictionary: return add_texts(from, block_rows, picks);
    case Encoding::kInteger: break;
  }
  switch (from.width) {
    case 0: return add_integers<void>(from, picks);
    case 1: return add_integers<std::uint8_t>(from, picks);
    case 2: return add_integers<std::uint16_t>(from, picks);
    case 4: return add_integers<std::uint32_t>(from, picks);
    default: return add_integers<std::uint64_t>(from, picks);
  }
}

void GatheredColumn::add_nulls(const ColumnView& from, const Picks& picks) {
  if (from.encoding != Encoding::kNull && from.validity == nullptr) return;
  for (std::size_t i = 0; i < picks.rows.size(); ++i) {
    const std::uint32_t place = picks.places[i];
    const auto null = std::uint64_t{from.is_null(picks.rows[i])};
    validity_[place >> 6] &= ~(null << (place & 63));
    has_nulls_ = has_nulls_ || null != 0;
  }
}

template <typename Delta>
void GatheredColumn::add_integers(const ColumnView& from, const Picks& picks) {
  const auto base = static_cast<std::uint64_t>(from.base);
  for (std::size_t i = 0; i < picks.rows.size(); ++i) {
    if constexpr (std::is_void_v<Delta>)
      data_[picks.places[i]] = base;
    else
      data_[picks.places[i]] = base + ColumnView::load<Delta>(from.data, picks.rows[i]);
  }
}

void GatheredColumn::add_reals(const ColumnView& from, const Picks& picks) {
  for (std::size_t i = 0; i < picks.rows.size(); ++i)
    data_[picks.places[i]] = ColumnView::load<std::uint64_t>(from.data, picks.rows[i]);
}

void GatheredColumn::add_texts(const ColumnView& from, std::size_t block_rows, const Picks& picks) {
  auto* const codes = reinterpret_cast<std::uint32_t*>(data_.get());
  const auto first = static_cast<std::uint32_t>(ends_.size() - 1);
  const auto begin = static_cast<std::uint32_t>(texts_.size());
  // A run of `count` texts of the block, each under a code of its own.
  const auto add_run = [&](const std::byte* offsets, std::uint8_t width, std::size_t count) {
    const auto from_byte = ColumnView::load_unsigned(offsets, 0, width);
    ends_.resize(ends_.size() + count);
    std::uint32_t* const ends = ends_.data() + ends_.size() - count;
    for (std::size_t i = 0; i < count; ++i)
      ends[i] =
          begin + static_cast<std::uint32_t>(ColumnView::load_unsigned(offsets, i + 1, width) - from_byte);
    texts_.append(from.bytes + from_byte, ends_.back() - begin);
  };
  if (from.encoding == Encoding::kDictionary && from.dictionary_size <= picks.rows.size()) {
    add_run(from.dictionary_offsets, sizeof(std::uint32_t), from.dictionary_size);
    for (std::size_t i = 0; i < picks.rows.size(); ++i)
      codes[picks.places[i]] =
          first + static_cast<std::uint32_t>(ColumnView::load_unsigned(from.data, picks.rows[i], from.width));
    return;
  }
  if (from.encoding == Encoding::kPlain && picks.rows.size() * kWholeShare >= block_rows &&
      ColumnView::load_unsigned(from.data, block_rows, from.width) <= kMostWholeBytes) {
    add_run(from.data, from.width, block_rows);
    for (std::size_t i = 0; i < picks.rows.size(); ++i) codes[picks.places[i]] = first + picks.rows[i];
    return;
  }
  // Where the texts are is found first, so that the waits for their bytes overlap.
  std::array<const char*, kBlockMaxRows> begins;
  std::array<std::uint32_t, kBlockMaxRows> sizes;
  std::size_t bytes = texts_.size();
  for (std::size_t i = 0; i < picks.rows.size(); ++i) {
    const std::uint16_t row = picks.rows[i];
    const std::string_view text = from.is_null(row) ? std::string_view() : from.text(row);
    __builtin_prefetch(text.data());
    begins[i] = text.data();
    sizes[i] = static_cast<std::uint32_t>(text.size());
    bytes += text.size();
  }
  if (bytes > texts_.capacity()) texts_.reserve(std::max(bytes, 2 * texts_.capacity()));
  ends_.resize(ends_.size() + picks.rows.size());
  std::uint32_t* const ends = ends_.data() + first + 1;
  for (std::size_t i = 0; i < picks.rows.size(); ++i) {
    codes[picks.places[i]] = first + static_cast<std::uint32_t>(i);
    texts_.append(begins[i], sizes[i]);
    ends[i] = static_cast<std::uint32_t>(texts_.size());
  }
}

ColumnView GatheredColumn::view(std::size_t first) const {
  ColumnView view{.type = type_};
  const auto* const data = reinterpret_cast<const std::byte*>(data_.get());
  if (is_text(type_)) {
    view.encoding = Encoding::kDictionary;
    view.width = sizeof(std::uint32_t);
    view.dictionary_size = static_cast<std::uint32_t>(ends_.size() - 1);
    view.data = data + first * sizeof(std::uint32_t);
    view.dictionary_offsets = reinterpret_cast<const std::byte*>(ends_.data());
    view.bytes = texts_.data();
  } else {
    view.encoding = type_ == Type::kFloat ? Encoding::kFloat : Encoding::kInteger;
    view.width = sizeof(std::uint64_t);
    view.data = data + first * sizeof(std::uint64_t);
  }
  if (has_nulls_) view.validity = validity_.data() + first / 64;
  return view;
}

}  // namespace slate
