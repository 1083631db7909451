// A stored block with some of its cells replaced where they stand: cheaper than to take columns apart when
// the new value fits its column's encoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/block.h"

namespace slate {

// A copy of a block, made with the first cell that fits. A patched column may have a dictionary with strings
// that no row has any more, and bounds that are wider than its values. One thread at a time.
class BlockPatch {
 public:
  // REQUIRES: `base` stays readable.
  explicit BlockPatch(BlockView base) : base_(base) {}

  // Each answers false, and changes nothing, when the value does not fit: the row must have a value already,
  // and the new one be in the column's dictionary (O(log strings)), or within the range of its width.
  // REQUIRES: row < row_count().
  bool set_text(FieldId field, std::uint32_t row, std::string_view value);
  bool set_integer(FieldId field, Type type, std::uint32_t row, std::int64_t value);

  bool is_changed() const { return !bytes_.empty(); }
  // The others are as in the base.
  RowRange changed_rows() const { return changed_rows_; }
  // The block as it is now; its checksum is not kept up. Valid until the next change.
  BlockView view() const;
  // The changed block, complete with checksum. The patch is spent. REQUIRES: is_changed().
  std::string finish();

 private:
  void write(const ColumnEntry& entry, const std::byte* data, std::uint32_t row, std::uint64_t bits);

  BlockView base_;
  std::string bytes_;  // of the copy
  RowRange changed_rows_;
};

}  // namespace slate
