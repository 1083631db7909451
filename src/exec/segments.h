// Reading a generation's segments: blocks found by docid or one after the other, checked once, columns
// resolved.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <slate/batch.h>
#include <slate/clock.h>
#include <slate/error.h>
#include <slate/explain.h>

#include "codec/block.h"
#include "model/schema.h"
#include "storage/cursor.h"
#include "storage/environment.h"

namespace slate {

// Which segments of a generation this process has verified or written. Lock-free reads; safe for any number
// of threads. One bit a key: segments are keyed by the last docid that they may hold.
class VerifiedSegments {
 public:
  ~VerifiedSegments();
  bool contains(std::uint64_t key) const;
  void insert(std::uint64_t key);
  // A rewritten segment that did not pass through here must be checked again.
  void erase(std::uint64_t key);

 private:
  static constexpr std::size_t kChunkBits = std::size_t{1} << 20;
  static constexpr std::size_t kChunks = std::size_t{1} << 14;
  using Chunk = std::array<std::atomic<std::uint64_t>, kChunkBits / 64>;
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
};

// A block with the columns that a query reads. The block lies in the memory map, or in `copy` when the store
// had it where nothing is aligned.
struct ResolvedBlock {
  BlockView view = BlockView::trusted(nullptr);
  std::vector<ColumnView> columns;  // in the order of ColumnSet
  std::unique_ptr<std::uint64_t[]> copy;
  std::vector<std::unique_ptr<std::uint64_t[]>> unexpired;  // validity bitmaps of columns with a TTL

  DocId first_docid() const { return view.first_docid(); }
  DocId end_docid() const { return view.first_docid() + view.row_count(); }
};

// The columns that a query reads, each once.
class ColumnSet {
 public:
  explicit ColumnSet(const Schema& schema) : schema_(&schema) {}
  // Position of a column (of the schema) in the set, added when new.
  std::uint32_t add(std::uint32_t column);
  std::span<const std::uint32_t> columns() const { return columns_; }
  const Schema& schema() const { return *schema_; }

 private:
  const Schema* schema_;
  std::vector<std::uint32_t> columns_;
};

// Segments of one snapshot. One thread at a time. Blocks stay valid until the reader is told to forget them.
class SegmentReader {
 public:
  static Result<std::unique_ptr<SegmentReader>> open(const storage::Transaction& transaction,
                                                     storage::Table segments, VerifiedSegments& verified,
                                                     const ColumnSet& columns, std::uint32_t segment_rows,
                                                     UnixMillis now, QueryCounters& counters);

  // The block that holds a docid, or null when none does. Blocks are remembered until forget().
  Result<const ResolvedBlock*> find(DocId docid);
  // The next block in order of arrival, or null at the end; it is valid until the next call.
  Result<const ResolvedBlock*> next();
  // Lets go of remembered blocks when they have become many. Only while the caller holds none.
  void forget_when_full();

 private:
  SegmentReader(storage::NumberCursor cursor, VerifiedSegments& verified, const ColumnSet& columns,
                std::uint32_t segment_rows, UnixMillis now, QueryCounters& counters);
  Result<void> resolve(const storage::NumberEntry& entry, ResolvedBlock& block);
  void mask_expired(const BlockView& view, FieldId field, ColumnView& column, ResolvedBlock& block) const;

  storage::NumberCursor cursor_;
  VerifiedSegments& verified_;
  const ColumnSet& columns_;
  std::uint32_t segment_rows_;
  UnixMillis now_;
  QueryCounters& counters_;
  bool started_ = false;
  ResolvedBlock current_;                             // of next()
  std::vector<std::unique_ptr<ResolvedBlock>> kept_;  // of find()
  std::vector<const ResolvedBlock*> by_segment_;      // docid / segment_rows -> block, a hint
  std::vector<std::uint32_t> entry_hints_;            // where each column was in the last block's directory
};

}  // namespace slate
