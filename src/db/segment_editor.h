// One segment being changed: cells are replaced where they stand if their column's encoding has room for
// them, and only other columns of which a cell changes are taken apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/clock.h>
#include <slate/record.h>

#include "codec/block.h"
#include "codec/block_patch.h"
#include "codec/key.h"
#include "model/schema.h"

namespace slate {

// A segment is closed, or split, when its texts grow beyond this: blocks stay cheap to rewrite and to send.
inline constexpr std::size_t kSegmentTextBytes = 256 * 1024;

// A segment as it is going to be stored.
struct EncodedSegment {
  // Under their keys, ascending: one, or several when it has grown too large; none when no row is live.
  std::vector<std::pair<std::uint64_t, std::string>> blocks;
  // The only block has the rows of the segment's base, and all of them but these are the same. Absent:
  // unknown.
  std::optional<RowRange> changed_rows;
};

// REQUIRES for every row argument: row < rows(). Not thread-safe.
class SegmentEditor {
 public:
  // Edits a stored block; `base` must stay readable while the editor is used.
  SegmentEditor(const Schema& schema, BlockView base);
  // Starts a segment whose row 0 is `first_docid`.
  SegmentEditor(const Schema& schema, DocId first_docid);

  DocId first_docid() const { return first_docid_; }
  std::uint32_t rows() const { return rows_; }
  bool is_live(std::uint32_t row) const { return (live_[row >> 6] >> (row & 63) & 1) != 0; }
  // The block that it edits; nothing when it started a segment.
  const std::optional<BlockView>& base() const { return base_; }

  // Adds rows up to that of `last`, dead ones. REQUIRES: `last` is beyond the last row, within 1,024 rows of
  // the first.
  void grow(DocId last);
  // Makes a dead row live. REQUIRES: grow() has added it.
  void insert(std::uint32_t row, std::string_view id);
  // Takes the row out; its cells become null.
  void remove(std::uint32_t row);
  // Replaces a cell; null removes it. `expires_at` is kept for fields with a TTL.
  void set(std::uint32_t row, std::uint32_t column, const ValueRef& value,
           std::optional<UnixMillis> expires_at);
  void set_all_null(std::uint32_t row);
  // Removes cells that have expired by `now`, and forgets the expiry of cells whose field has no TTL any
  // more. True when there was any.
  bool sweep(UnixMillis now);
  // An upper bound of the bytes that the segment's texts take. O(columns).
  std::size_t text_bytes() const;
  // A looser bound, which only grows. O(1).
  std::size_t most_text_bytes() const { return most_text_bytes_; }
  // Bytes that the row's texts take.
  std::size_t row_bytes(std::uint32_t row);

  // The row's index key as it is now, and as it was in the base. add_base_key REQUIRES a base that has the
  // row.
  void add_key(const Index& index, std::uint32_t row, KeyBuilder& key) const;
  void add_base_key(const Index& index, std::uint32_t row, KeyBuilder& key) const;
  // Whether a cell of the column was set: no other column has changed.
  bool touched(std::uint32_t column) const { return values_[column] != nullptr || patched_[column]; }

  // Once: what was set is spent. The last block has `key`.
  EncodedSegment encode(std::uint64_t key);

 private:
  // The base with the cells that were patched. REQUIRES: a base.
  BlockView current() const { return patch_ ? patch_->view() : *base_; }
  bool patch(std::uint32_t row, std::uint32_t column, const ValueRef& value);
  bool is_only_patched() const;
  ColumnBuffer& values(std::uint32_t column);
  // Null when the segment has no expiry times of the column.
  ColumnBuffer* expiries(std::uint32_t column);
  ColumnBuffer& make_expiries(std::uint32_t column);
  std::string encode_rows(std::uint32_t begin, std::uint32_t end);
  bool has_live_rows(std::uint32_t begin, std::uint32_t end) const;

  const Schema& schema_;
  std::optional<BlockView> base_;
  DocId first_docid_;
  std::uint32_t rows_ = 0;
  std::size_t most_text_bytes_ = 0;
  std::vector<std::uint64_t> live_;
  std::optional<BlockPatch> patch_;                      // of the base
  std::vector<bool> patched_;                            // by column
  std::vector<std::unique_ptr<ColumnBuffer>> values_;    // by column; null: as in current()
  std::vector<std::unique_ptr<ColumnBuffer>> expiries_;  // by column; null: as in the base
  std::vector<bool> expiries_known_;                     // whether the base was asked
};

}  // namespace slate
