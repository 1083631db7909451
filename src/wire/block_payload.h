// The payloads of answers: rows on their way to a client, as blocks (docs/formats/block.md) one behind the
// other, each padded to a multiple of 8.
//
// In these blocks field 0 is the record id and field n + 1 is column n of the answer; the live bitmap says
// which rows belong to the answer; checksum and bounds are zero, but for the base of integers; dictionaries
// need not be sorted. A block has 256 KiB at most, unless it has one row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/batch.h>
#include <slate/error.h>
#include <slate/result_set.h>

namespace slate::wire {

inline constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

// Appends the batch's rows. Columns are copied as they lie where most of the rows between the first and the
// last are wanted, in ascending order; otherwise the rows are gathered.
// REQUIRES: out.size() is a multiple of 8; at least one row, and at most 1,024.
void append_blocks(const Batch& batch, std::string& out);

// Walks the blocks of a payload.
class BlockReader {
 public:
  // REQUIRES: `payload` begins at an address that is a multiple of 8. Both are only referred to.
  BlockReader(std::string_view payload, std::span<const ResultColumn> columns)
      : rest_(payload), columns_(columns) {}

  // The next rows, in place, or null at the end; valid until the next call, and as long as the payload.
  // Errors, whatever the bytes: corrupt.
  Result<const Batch*> next();

 private:
  std::string_view rest_;
  std::span<const ResultColumn> columns_;
  std::vector<ColumnView> views_;
  std::vector<std::uint16_t> rows_;
  Batch batch_;
};

}  // namespace slate::wire
