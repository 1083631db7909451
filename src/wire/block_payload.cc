#include "wire/block_payload.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "base/try.h"
#include "codec/block.h"

namespace slate::wire {
namespace {

// Above this share of wanted rows, in eighths, copying a stretch whole is cheaper than picking rows out of
// it.
constexpr std::size_t kWholeEighths = 7;

// Room for `size` bytes at the end of `out`, all of which must be written.
char* grow(std::string& out, std::size_t size) {
  const std::size_t at = out.size();
  // Some versions of libstdc++ hand over the new capacity instead of the size that was asked for.
  out.resize_and_overwrite(at + size, [=](char*, std::size_t) { return at + size; });
  return out.data() + at;
}
void pad(std::string& out, std::size_t to) { out.resize((out.size() + to - 1) / to * to, '\0'); }
template <typename T>
void put_at(char* to, std::size_t index, T value) {
  std::memcpy(to + index * sizeof(T), &value, sizeof(T));
}

// The rows of one block: a stretch that begins at a multiple of 64, or a list.
struct RowChoice {
  std::size_t begin = 0;                    // of the stretch
  std::size_t count = 0;                    // rows in the block
  std::span<const std::uint16_t> picked{};  // empty: the stretch

  bool is_stretch() const { return picked.empty(); }
  std::size_t at(std::size_t i) const { return picked.empty() ? begin + i : picked[i]; }
};

class ColumnAppender {
 public:
  ColumnAppender(std::string& out, std::size_t block_at, const RowChoice& rows)
      : out_(out), block_at_(block_at), rows_(rows) {}

  // The entry of the appended column.
  ColumnEntry append(FieldId field, const ColumnView& column) {
    ColumnEntry entry{.field = field,
                      .type = column.type,
                      .encoding = column.encoding,
                      .width = column.width,
                      .offset = static_cast<std::uint32_t>(out_.size() - block_at_)};
    const std::size_t at = out_.size();
    if (column.validity != nullptr) append_validity(entry, column);
    switch (column.encoding) {
      case Encoding::kInteger:
        entry.minimum = static_cast<std::uint64_t>(column.base);
        append_fixed(column.data, column.width);
        break;
      case Encoding::kFloat:
        entry.width = 8;
        append_fixed(column.data, 8);
        break;
      case Encoding::kDictionary:
        // A dictionary is worth its bytes when rows share its strings.
        if (column.dictionary_size <= rows_.count)
          append_dictionary(entry, column);
        else
          append_texts(entry, column);
        break;
      case Encoding::kPlain:
        if (rows_.is_stretch() && column.width == 4)
          append_stretch<std::uint32_t>(column);
        else if (rows_.is_stretch() && column.width == 2)
          append_stretch<std::uint16_t>(column);
        else
          append_texts(entry, column);
        break;
      case Encoding::kNull: break;
    }
    entry.size = static_cast<std::uint32_t>(out_.size() - at);
    pad(out_, 8);
    return entry;
  }

 private:
  void append_validity(ColumnEntry& entry, const ColumnView& column) {
    const std::size_t words = bitmap_words(rows_.count);
    char* to = grow(out_, words * 8);
    entry.has_validity = 1;
    std::size_t valid = 0;
    for (std::size_t word = 0; word < words; ++word) {
      const std::size_t rows = std::min<std::size_t>(64, rows_.count - word * 64);
      std::uint64_t bits = 0;
      if (rows_.is_stretch()) {
        bits = column.validity[rows_.begin / 64 + word];
        if (rows < 64) bits &= (std::uint64_t{1} << rows) - 1;
      } else {
        for (std::size_t i = 0; i < rows; ++i) {
          const std::size_t row = rows_.picked[word * 64 + i];
          bits |= ((column.validity[row >> 6] >> (row & 63)) & 1) << i;
        }
      }
      valid += static_cast<std::size_t>(std::popcount(bits));
      put_at(to, word, bits);
    }
    entry.null_count = static_cast<std::uint32_t>(rows_.count - valid);
  }

  template <typename T>
  void pick(const std::byte* data) {
    char* to = grow(out_, rows_.count * sizeof(T));
    for (std::size_t i = 0; i < rows_.count; ++i) put_at(to, i, ColumnView::load<T>(data, rows_.picked[i]));
  }
  void append_fixed(const std::byte* data, std::uint8_t width) {
    if (rows_.is_stretch()) {
      const std::size_t bytes = rows_.count * width;
      if (bytes != 0) std::memcpy(grow(out_, bytes), data + rows_.begin * width, bytes);
      return;
    }
    switch (width) {
      case 0: break;
      case 1: pick<std::uint8_t>(data); break;
      case 2: pick<std::uint16_t>(data); break;
      case 4: pick<std::uint32_t>(data); break;
      default: pick<std::uint64_t>(data); break;
    }
  }

  void append_dictionary(ColumnEntry& entry, const ColumnView& column) {
    if (column.width <= 2) {
      append_fixed(column.data, column.width);
    } else {
      // As many strings as rows at most: their codes fit two bytes. A null's code may be any.
      entry.width = 2;
      char* to = grow(out_, rows_.count * 2);
      for (std::size_t i = 0; i < rows_.count; ++i) {
        const std::size_t row = rows_.at(i);
        const std::uint64_t code =
            column.is_null(row) ? 0 : ColumnView::load_unsigned(column.data, row, column.width);
        put_at(to, i, static_cast<std::uint16_t>(code));
      }
    }
    entry.dictionary_size = column.dictionary_size;
    pad(out_, 4);
    const auto first = ColumnView::load<std::uint32_t>(column.dictionary_offsets, 0);
    const auto end = ColumnView::load<std::uint32_t>(column.dictionary_offsets, column.dictionary_size);
    char* to = grow(out_, (column.dictionary_size + std::size_t{1}) * 4 + (end - first));
    for (std::size_t i = 0; i <= column.dictionary_size; ++i)
      put_at(to, i, ColumnView::load<std::uint32_t>(column.dictionary_offsets, i) - first);
    std::memcpy(to + (column.dictionary_size + std::size_t{1}) * 4, column.bytes + first, end - first);
  }

  template <typename Offset>
  void append_stretch(const ColumnView& column) {
    const std::byte* offsets = column.data + rows_.begin * sizeof(Offset);
    const auto first = ColumnView::load<Offset>(offsets, 0);
    const auto end = ColumnView::load<Offset>(offsets, rows_.count);
    const std::size_t bytes = static_cast<std::size_t>(end - first);
    const std::size_t offset_bytes = (rows_.count + 1) * sizeof(Offset);
    char* to = grow(out_, offset_bytes + bytes);
    if (first == 0) {
      std::memcpy(to, offsets, offset_bytes);
    } else {
      for (std::size_t i = 0; i <= rows_.count; ++i)
        put_at(to, i, static_cast<Offset>(ColumnView::load<Offset>(offsets, i) - first));
    }
    if (bytes != 0) std::memcpy(to + offset_bytes, column.bytes + first, bytes);
  }

  // Whatever the column's form, its texts one by one.
  void append_texts(ColumnEntry& entry, const ColumnView& column) {
    entry.encoding = Encoding::kPlain;
    entry.width = 4;
    const bool is_plain = column.encoding == Encoding::kPlain;
    if (is_plain && column.width == 2)
      append_texts(column, PlainText<std::uint16_t>());
    else if (is_plain && column.width == 4)
      append_texts(column, PlainText<std::uint32_t>());
    else
      append_texts(column, [](const ColumnView& from, std::size_t row) { return from.text(row); });
  }

  template <typename Offset>
  struct PlainText {
    std::string_view operator()(const ColumnView& column, std::size_t row) const {
      const auto begin = ColumnView::load<Offset>(column.data, row);
      return {column.bytes + begin, std::size_t{ColumnView::load<Offset>(column.data, row + 1)} - begin};
    }
  };

  template <typename TextOf>
  void append_texts(const ColumnView& column, TextOf text_of) {
    char* const offsets = grow(out_, (rows_.count + 1) * 4);
    std::uint32_t total = 0;
    put_at(offsets, 0, total);
    for (std::size_t i = 0; i < rows_.count; ++i) {
      const std::size_t row = rows_.at(i);
      if (!column.is_null(row)) total += static_cast<std::uint32_t>(text_of(column, row).size());
      put_at(offsets, i + 1, total);
    }
    char* to = grow(out_, total);
    for (std::size_t i = 0; i < rows_.count; ++i) {
      const std::size_t row = rows_.at(i);
      if (column.is_null(row)) continue;
      const std::string_view text = text_of(column, row);
      std::memcpy(to, text.data(), text.size());
      to += text.size();
    }
  }

  std::string& out_;
  const std::size_t block_at_;
  const RowChoice& rows_;
};

void append_live(std::span<const std::uint16_t> rows, const RowChoice& stretch, std::string& out) {
  const std::size_t bytes = bitmap_words(stretch.count) * 8;
  char* to = grow(out, bytes);
  std::memset(to, 0, bytes);
  for (const std::uint16_t row : rows) {
    const std::size_t i = row - stretch.begin;
    const auto bits = static_cast<unsigned char>(to[i >> 3]);
    to[i >> 3] = static_cast<char>(bits | (1u << (i & 7)));
  }
}

// A stretch that holds the rows, where copying it whole pays.
RowChoice choose(std::span<const std::uint16_t> rows) {
  const std::size_t begin = rows.front() / 64 * 64;
  const std::size_t end = std::size_t{rows.back()} + 1;
  const bool whole = end > begin && rows.size() * 8 >= (end - begin) * kWholeEighths &&
                     std::ranges::is_sorted(rows, std::ranges::less_equal{});
  if (whole) return {.begin = begin, .count = end - begin};
  return {.begin = 0, .count = rows.size(), .picked = rows};
}

void append_block(const Batch& batch, std::span<const std::uint16_t> selected, std::string& out) {
  const std::size_t block_at = out.size();
  const RowChoice rows = choose(selected);
  const bool has_live = rows.is_stretch() && selected.size() != rows.count;
  BlockHeader header{.row_count = static_cast<std::uint32_t>(rows.count),
                     .live_count = static_cast<std::uint32_t>(selected.size()),
                     .has_live_bitmap = has_live ? std::uint16_t{1} : std::uint16_t{0}};
  grow(out, sizeof(header));
  if (has_live) append_live(selected, rows, out);

  const std::size_t directory_at = out.size();
  const auto is_there = [](const ColumnView& column) { return column.encoding != Encoding::kNull; };
  header.column_count =
      static_cast<std::uint16_t>(is_there(batch.id) + std::ranges::count_if(batch.columns, is_there));
  grow(out, header.column_count * sizeof(ColumnEntry));
  ColumnAppender appender(out, block_at, rows);
  std::size_t entries = 0;
  const auto add = [&](FieldId field, const ColumnView& column) {
    if (!is_there(column)) return;
    const ColumnEntry entry = appender.append(field, column);
    std::memcpy(out.data() + directory_at + entries++ * sizeof(entry), &entry, sizeof(entry));
  };
  add(0, batch.id);
  for (std::size_t i = 0; i < batch.columns.size(); ++i) add(static_cast<FieldId>(i + 1), batch.columns[i]);
  check(out.size() - block_at <= UINT32_MAX, "a block of 4 GiB");
  header.size = static_cast<std::uint32_t>(out.size() - block_at);
  std::memcpy(out.data() + block_at, &header, sizeof(header));
}

Failure corrupt(const char* what) { return fail(Reason::kCorrupt, what); }

}  // namespace

void append_blocks(const Batch& batch, std::string& out) {
  const std::size_t at = out.size();
  append_block(batch, batch.rows, out);
  const std::size_t parts = (out.size() - at + kBlockBytes - 1) / kBlockBytes;
  if (parts == 1 || batch.rows.size() == 1) return;
  out.resize(at);
  const std::size_t step = (batch.rows.size() + parts - 1) / parts;
  for (std::size_t from = 0; from < batch.rows.size(); from += step) {
    Batch part = batch;
    part.rows = batch.rows.subspan(from, std::min(step, batch.rows.size() - from));
    append_blocks(part, out);
  }
}

Result<const Batch*> BlockReader::next() {
  if (rest_.empty()) return nullptr;
  if (rest_.size() < sizeof(BlockHeader)) return corrupt("a block that is shorter than its header");
  std::uint32_t size = 0;
  std::memcpy(&size, rest_.data() + offsetof(BlockHeader, size), sizeof(size));
  if (size > rest_.size() || size % 8 != 0) return corrupt("a block that is longer than its frame");
  const auto bytes = std::as_bytes(std::span(rest_.substr(0, size)));
  SLATE_TRY(const BlockView block, BlockView::verify(bytes, Checksum::kNone));
  rest_.remove_prefix(size);

  views_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ColumnEntry* entry = block.find(static_cast<FieldId>(i + 1));
    if (entry != nullptr && entry->type != columns_[i].type) return corrupt("a column of another type");
    views_.push_back(entry != nullptr ? block.column(*entry) : ColumnView{.type = columns_[i].type});
  }
  const ColumnEntry* id = block.find(0);
  if (id == nullptr || id->type != Type::kString) return corrupt("a block without record ids");
  rows_.resize(block.row_count());
  std::iota(rows_.begin(), rows_.end(), std::uint16_t{0});
  if (block.live() != nullptr) std::erase_if(rows_, [&](std::uint16_t row) { return !block.is_live(row); });
  batch_ = {.id = block.column(*id), .columns = views_, .rows = rows_};
  return &batch_;
}

}  // namespace slate::wire
