// The column block: some consecutive rows of a datasource, column by column. The same bytes are a segment in
// the store, a batch between operators and a result on the wire. Layout and golden vectors:
// docs/formats/block.md.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/batch.h>
#include <slate/error.h>

#include "model/schema.h"

namespace slate {

using DocId = std::uint64_t;

inline constexpr std::uint32_t kBlockMaxRows = 1024;

// The rows [begin, end) of a block.
struct RowRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size() const { return end - begin; }
};

inline constexpr std::uint32_t kBlockMagic = 0x31424c53;  // "SLB1"

// Expiry times of a field with a TTL live in a second column, of type int, in Unix milliseconds.
inline constexpr FieldId kExpiryBit = 0x8000'0000u;

// Fixed parts of a block, as they lie in memory: little-endian, 8-byte aligned.
struct BlockHeader {
  std::uint32_t magic = kBlockMagic;
  std::uint32_t size = 0;        // of the whole block, in bytes
  std::uint64_t checksum = 0;    // XXH64, seed 0, of everything after this member
  DocId first_docid = 0;         // of row 0
  std::uint32_t row_count = 0;   // 1 to 1,024
  std::uint32_t live_count = 0;  // rows that have not been deleted
  std::uint16_t column_count = 0;
  std::uint16_t has_live_bitmap = 0;  // 1: a live bitmap follows; 0: every row is live
  std::uint32_t reserved = 0;
};
static_assert(sizeof(BlockHeader) == 40);

struct ColumnEntry {
  FieldId field = 0;  // ascending within a block
  Type type = Type::kString;
  Encoding encoding = Encoding::kNull;
  std::uint8_t width = 0;
  std::uint8_t has_validity = 0;  // 1: a validity bitmap precedes the payload
  std::uint32_t offset = 0;       // of the column, from the start of the block; a multiple of 8
  std::uint32_t size = 0;         // of the column, in bytes, without padding
  std::uint32_t dictionary_size = 0;
  std::uint32_t null_count = 0;
  // Bounds of the values: the int itself; a double's bits; a text's first eight bytes as a big-endian number,
  // zero-padded. Meaningless when every row is null. kInteger: `minimum` is the base.
  std::uint64_t minimum = 0;
  std::uint64_t maximum = 0;
};
static_assert(sizeof(ColumnEntry) == 40);

// First eight bytes of a text as a number that orders as the texts do, but for ties.
inline std::uint64_t text_prefix(std::string_view text) {
  const char* bytes = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    return std::byteswap(word);
  }
  // Shorter ones by reads that overlap, rather than byte by byte.
  if (size >= 4) {
    std::uint32_t front = 0;
    std::uint32_t back = 0;
    std::memcpy(&front, bytes, 4);
    std::memcpy(&back, bytes + size - 4, 4);
    return std::uint64_t{std::byteswap(front)} << 32 | std::uint64_t{std::byteswap(back)} << (8 * (8 - size));
  }
  if (size == 0) return 0;
  const auto at = [&](std::size_t i) {
    return std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * (7 - i));
  };
  return at(0) | at(size / 2) | at(size - 1);
}

constexpr std::size_t bitmap_words(std::size_t rows) { return (rows + 63) / 64; }

// Whether a block's checksum is looked at: one that came over a connection has none.
enum class Checksum : std::uint8_t { kVerified, kNone };

// Reads a block in place. Non-owning; copyable; reading is safe from any number of threads.
class BlockView {
 public:
  // Checks checksum and structure, so that no later access can leave the block, whatever the bytes. O(bytes).
  // REQUIRES: `bytes` 8-byte aligned. Errors: corrupt.
  static Result<BlockView> verify(std::span<const std::byte> bytes, Checksum checksum = Checksum::kVerified);
  // The same block again, once verified: O(1).
  static BlockView trusted(const std::byte* bytes) { return BlockView(bytes); }

  std::span<const std::byte> bytes() const { return {data_, header().size}; }
  DocId first_docid() const { return header().first_docid; }
  std::uint32_t row_count() const { return header().row_count; }
  std::uint32_t live_count() const { return header().live_count; }
  // A bit a row, or null when every row is live.
  const std::uint64_t* live() const {
    return header().has_live_bitmap != 0 ? reinterpret_cast<const std::uint64_t*>(data_ + sizeof(BlockHeader))
                                         : nullptr;
  }
  bool is_live(std::uint32_t row) const {
    return live() == nullptr || ((live()[row >> 6] >> (row & 63)) & 1) != 0;
  }
  std::span<const ColumnEntry> entries() const {
    const std::size_t bitmap = header().has_live_bitmap != 0 ? bitmap_words(row_count()) * 8 : 0;
    return {reinterpret_cast<const ColumnEntry*>(data_ + sizeof(BlockHeader) + bitmap),
            header().column_count};
  }
  // Null when the block lacks the column: every row is null there. O(log columns).
  const ColumnEntry* find(FieldId field) const;
  ColumnView column(const ColumnEntry& entry) const;
  // An all-null view when the block lacks the column.
  ColumnView column(FieldId field, Type type) const;

 private:
  explicit BlockView(const std::byte* bytes) : data_(bytes) {}
  const BlockHeader& header() const { return *reinterpret_cast<const BlockHeader*>(data_); }

  const std::byte* data_;
};

// The bytes of a stored block where they can be read in place, or copied to `copy` when they lie unaligned,
// as small values do in the store.
std::span<const std::byte> aligned_block(std::string_view stored, std::unique_ptr<std::uint64_t[]>& copy);

// One column being put together, uncompressed: set cells in any order, then encode.
class ColumnBuffer {
 public:
  explicit ColumnBuffer(Type type) : type_(type) {}

  Type type() const { return type_; }
  std::size_t rows() const { return rows_; }
  // Bytes that the column's texts hold; an upper bound of what they take encoded.
  std::size_t text_bytes() const { return text_bytes_; }
  // New rows are null.
  void resize(std::size_t rows);
  void clear() {
    resize(0);
    arena_.clear();
  }
  // Replaces everything by a column of `rows` rows.
  void load(const ColumnView& column, std::size_t rows);

  bool is_null(std::size_t row) const { return ((validity_[row >> 6] >> (row & 63)) & 1) == 0; }
  std::int64_t integer(std::size_t row) const { return integers_[row]; }
  double real(std::size_t row) const { return reals_[row]; }
  std::string_view text(std::size_t row) const {
    return {arena_.data() + slices_[row].offset, slices_[row].length};
  }

  void set_null(std::size_t row);
  void set_integer(std::size_t row, std::int64_t value);  // int, date, bool
  void set_real(std::size_t row, double value);
  void set_text(std::size_t row, std::string_view value);  // string; list as encoded elements

  // Appends rows [begin, end) to `out` and says what was appended, or nothing when all of them are null.
  // REQUIRES: out.size() is a multiple of 8. entry.offset is out.size() as it was.
  std::optional<ColumnEntry> encode(FieldId field, std::size_t begin, std::size_t end,
                                    std::string& out) const;

 private:
  struct Slice {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
  };
  void encode_integers(ColumnEntry& entry, std::size_t begin, std::size_t end, std::string& out) const;
  void encode_reals(ColumnEntry& entry, std::size_t begin, std::size_t end, std::string& out) const;
  void encode_texts(ColumnEntry& entry, std::size_t begin, std::size_t end, std::string& out) const;

  Type type_;
  std::size_t rows_ = 0;
  std::size_t text_bytes_ = 0;
  std::vector<std::uint64_t> validity_;
  std::vector<std::int64_t> integers_;
  std::vector<double> reals_;
  std::vector<Slice> slices_;
  std::string arena_;
};

// Puts columns together into a block. Columns must come in ascending order of field.
class BlockWriter {
 public:
  // `live` has a bit a row; empty when every row is live.
  // `expected_bytes` saves growing step by step.
  BlockWriter(DocId first_docid, std::uint32_t row_count, std::span<const std::uint64_t> live,
              std::size_t max_columns, std::size_t expected_bytes = 0);

  void add(FieldId field, const ColumnBuffer& buffer, std::size_t begin, std::size_t end);
  // A column of another block with the same rows, bytes and all.
  void copy(const BlockView& block, const ColumnEntry& entry);
  // The block, complete with checksum. The writer is spent.
  std::string finish();

 private:
  std::string bytes_;
  std::size_t directory_offset_;
  std::uint16_t columns_ = 0;
};

// Sets the checksum of a block whose bytes have changed.
void seal_block(std::string& bytes);

}  // namespace slate
