// Reading a generation's segments: blocks found by docid or one after the other, checked once, columns
// resolved.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
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

class ZoneFilter;

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

// Where segments lie in the memory map, in one version of a generation: what an earlier look in the store's
// tree has found. Lock-free; safe for any number of threads.
class SegmentAddresses {
 public:
  // `slots`: docids that the version has, divided by the rows of a segment, and one more. 8 bytes a slot,
  // which become memory when they are first written.
  explicit SegmentAddresses(std::size_t slots);
  // The verified block that begins in a slot, or null.
  const std::byte* find(std::size_t slot) const;
  void insert(std::size_t slot, const std::byte* block);

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::size_t slots_;
  std::unique_ptr<const std::byte*[], Free> blocks_;
};

// A block with the columns that a query reads. The block lies in the memory map, or in `copy` when the store
// had it where nothing is aligned.
struct ResolvedBlock {
  BlockView view = BlockView::trusted(nullptr);
  std::span<ColumnView> columns;  // in the order of ColumnSet; its owner keeps them
  std::unique_ptr<std::uint64_t[]> copy;
  std::vector<std::unique_ptr<std::uint64_t[]>> unexpired;  // validity bitmaps of columns with a TTL
  bool complete = false;                                    // not only the early ones

  DocId first_docid() const { return view.first_docid(); }
  DocId end_docid() const { return view.first_docid() + view.row_count(); }
};

// The columns that a query reads, each once. Those that filters and sorts read are found with each block, the
// others only in blocks of which rows are put out.
class ColumnSet {
 public:
  explicit ColumnSet(const Schema& schema) : schema_(&schema) {}
  // Position of a column (of the schema) in the set, added when new. Columns for the output only are added
  // first.
  std::uint32_t add_output(std::uint32_t column) {
    const std::uint32_t position = place(column);
    outputs_ = static_cast<std::uint32_t>(columns_.size());
    return position;
  }
  std::uint32_t add(std::uint32_t column);
  std::span<const std::uint32_t> columns() const { return columns_; }
  std::span<const std::uint32_t> early() const { return early_; }  // positions of those that add() named
  std::uint32_t outputs() const { return outputs_; }  // how many add_output() named: the first ones
  const Schema& schema() const { return *schema_; }

 private:
  std::uint32_t place(std::uint32_t column);

  const Schema* schema_;
  std::vector<std::uint32_t> columns_;
  std::vector<std::uint32_t> early_;
  std::uint32_t outputs_ = 0;
};

// What a reader reads: tables of one transaction.
struct SegmentSource {
  const storage::Transaction* transaction = nullptr;
  storage::Table table;
  VerifiedSegments* verified = nullptr;
  SegmentAddresses* addresses = nullptr;  // may be null
  std::uint32_t segment_rows = 256;
  UnixMillis now = 0;  // at which TTLs are judged
};

// Opens stored blocks and finds a query's columns in them. One thread at a time; several resolvers may work
// side by side.
class BlockResolver {
 public:
  // The references outlive it. REQUIRES: `columns` is whole.
  BlockResolver(const SegmentSource& source, const ColumnSet& columns);

  // The block of a segment; it is verified when this process sees it for the first time. Errors: corrupt.
  Result<void> open(const storage::NumberEntry& entry, ResolvedBlock& block);
  // Finds the columns that filters and sorts read. REQUIRES: `block.columns` has room for the whole set.
  void resolve(ResolvedBlock& block);
  // Finds the columns of the output, unless that is done.
  void complete(ResolvedBlock& block);

 private:
  void resolve_column(ResolvedBlock& block, std::uint32_t position, bool has_expiry);
  void mask_expired(const BlockView& view, FieldId field, ColumnView& column, ResolvedBlock& block) const;

  const SegmentSource& source_;
  const ColumnSet& columns_;
  std::vector<std::uint32_t> late_;         // positions of the columns that only the output reads
  std::vector<std::uint32_t> entry_hints_;  // where each column was in the last block's directory
};

// Segments of one snapshot. One thread at a time. Blocks stay valid until the reader is told to forget them.
class SegmentReader {
 public:
  // The references outlive the reader. REQUIRES: `columns` is whole.
  static Result<std::unique_ptr<SegmentReader>> open(const SegmentSource& source, const ColumnSet& columns,
                                                     QueryCounters& counters);

  // The block that holds a docid, or null when none does. Blocks are remembered until forget().
  Result<ResolvedBlock*> find(DocId docid);
  // The same for a docid that an index names. Errors: corrupt when it has no row.
  Result<ResolvedBlock*> at(DocId docid);
  // Has the processor fetch what find() will read of the block that holds `docid`. Costs next to nothing.
  void prefetch(DocId docid) const;
  // The next block in order of arrival, or null at the end; it is valid until the next call. The first call
  // gives the first block. Blocks that `zones` rules out are passed over; null rules out none.
  Result<ResolvedBlock*> next(const ZoneFilter* zones = nullptr);
  // The same towards the first docid. Not to be mixed with next().
  Result<ResolvedBlock*> previous(const ZoneFilter* zones = nullptr);
  // The next segment in order of arrival, or against it, unread: for what opens several at a time. Not to be
  // mixed with next() and previous(). Valid as long as the transaction.
  Result<std::optional<storage::NumberEntry>> next_entry(bool forwards);
  // Makes the first call of next() or previous() give the block that holds `docid` or, where none does, the
  // one behind it in that direction.
  void start_at(DocId docid) { start_ = docid; }
  // Finds the columns of the output. REQUIRES: the block is this reader's and still valid.
  void complete(ResolvedBlock& block) { resolver_.complete(block); }
  // Lets go of remembered blocks when they have become many. Only while the caller holds none.
  void forget_when_full();
  const ColumnSet& columns() const { return columns_; }
  const SegmentSource& source() const { return source_; }
  // Docids of a segment, at most: a power of two.
  std::uint32_t segment_rows() const { return source_.segment_rows; }

 private:
  SegmentReader(storage::NumberCursor cursor, const SegmentSource& source, const ColumnSet& columns,
                QueryCounters& counters);
  Result<ResolvedBlock*> step(bool forwards, const ZoneFilter* zones);
  void resolve(ResolvedBlock& block);
  ResolvedBlock& keep();
  std::span<ColumnView> make_columns();

  storage::NumberCursor cursor_;
  const SegmentSource source_;
  const ColumnSet& columns_;
  QueryCounters& counters_;
  BlockResolver resolver_;
  std::optional<DocId> start_;
  bool started_ = false;
  ResolvedBlock current_;           // of next() and previous()
  std::deque<ResolvedBlock> kept_;  // of find(); the first `kept_count_` are in use
  std::size_t kept_count_ = 0;
  ResolvedBlock* last_found_ = nullptr;
  boost::unordered_flat_map<std::uint64_t, ResolvedBlock*> by_slot_;  // docid / segment_rows -> a block
  std::vector<std::unique_ptr<ColumnView[]>> column_room_;  // of the blocks; the last one has room left
  std::size_t columns_left_ = 0;                            // blocks for which the last one has room
};

}  // namespace slate
