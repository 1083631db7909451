// Rows on their way out: column blocks read in place.
//
// A block holds some rows column by column (docs/formats/block.md). A ColumnView reads one column of one
// block, in the memory map, without a copy; a Batch is a selection of rows of one block. The store, the
// operators and the callers of a query all exchange these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <slate/value.h>

namespace slate {

// How a column lies in memory. Never renumber: the numbers are in blocks.
enum class Encoding : std::uint8_t {
  kNull = 0,        // no row has a value; no bytes
  kInteger = 1,     // int, date, bool: `base` plus an unsigned delta of `width` bytes
  kFloat = 2,       // IEEE doubles
  kPlain = 3,       // string, list: rows + 1 offsets of `width` bytes, then the bytes
  kDictionary = 4,  // string: a code of `width` bytes a row, into strings; in a block sorted and distinct
};

// One column of one block. A plain value of pointers into memory that the batch's owner keeps alive; copying
// it copies nothing else. Reading is safe from any number of threads. Reading a row at or beyond the block's
// row count, or as another type than `type`, is undefined; reading a null row as its type gives an arbitrary
// value.
struct ColumnView {
  Type type = Type::kString;
  Encoding encoding = Encoding::kNull;
  std::uint8_t width = 0;                         // bytes of a delta, an offset or a code: 0, 1, 2, 4 or 8
  std::uint32_t dictionary_size = 0;              // kDictionary: its strings
  std::int64_t base = 0;                          // kInteger: what deltas are added to
  const std::byte* data = nullptr;                // deltas, doubles, offsets or codes
  const std::byte* dictionary_offsets = nullptr;  // kDictionary: dictionary_size + 1 offsets of 4 bytes
  const char* bytes = nullptr;                    // string bytes
  const std::uint64_t* validity = nullptr;  // a bit a row, 1 where there is a value; null: all rows have one

  template <typename T>
  static T load(const std::byte* from, std::size_t index) {
    T value;
    std::memcpy(&value, from + index * sizeof(T), sizeof(T));
    return value;
  }
  static std::uint64_t load_unsigned(const std::byte* from, std::size_t index, std::uint8_t width) {
    switch (width) {
      case 0: return 0;
      case 1: return load<std::uint8_t>(from, index);
      case 2: return load<std::uint16_t>(from, index);
      case 4: return load<std::uint32_t>(from, index);
      default: return load<std::uint64_t>(from, index);
    }
  }

  bool is_null(std::size_t row) const {
    if (encoding == Encoding::kNull) return true;
    return validity != nullptr && ((validity[row >> 6] >> (row & 63)) & 1) == 0;
  }
  // int; date as seconds; bool as 0 or 1.
  std::int64_t integer(std::size_t row) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + load_unsigned(data, row, width));
  }
  double real(std::size_t row) const { return load<double>(data, row); }
  // string; for a list its encoded elements (docs/formats/block.md).
  std::string_view text(std::size_t row) const {
    if (encoding == Encoding::kDictionary) return dictionary(load_unsigned(data, row, width));
    const auto begin = load_unsigned(data, row, width);
    const auto end = load_unsigned(data, row + 1, width);
    return {bytes + begin, static_cast<std::size_t>(end - begin)};
  }
  std::string_view dictionary(std::size_t code) const {
    const auto begin = load<std::uint32_t>(dictionary_offsets, code);
    const auto end = load<std::uint32_t>(dictionary_offsets, code + 1);
    return {bytes + begin, end - begin};
  }
  // A copy of the cell; null where there is none. Maps are columns of their own leaves, never one column.
  Value value(std::size_t row) const;
};

// Some rows of one block, or copied together from many, in the order of the answer. Non-owning: valid until
// its source is asked for the next.
struct Batch {
  ColumnView id;                        // the record ids
  std::span<const ColumnView> columns;  // in the order of ResultSet::columns()
  std::span<const std::uint16_t> rows;  // positions in the block

  std::size_t size() const { return rows.size(); }
};

}  // namespace slate
