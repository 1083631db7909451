// A new generation from records in the order they come: segments are appended, index keys sorted and written
// in key order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/generation_builder.h>

#include "codec/block.h"
#include "db/frequency_upkeep.h"
#include "db/generation.h"
#include "exec/sorted_runs.h"
#include "model/schema.h"
#include "storage/cursor.h"

namespace slate {

// Fills a generation. One thread at a time; memory as DatabaseOptions::load_memory_bytes says, plus a
// segment.
class BulkBuilder {
 public:
  // `generation` is new and empty; `now` dates the expiry of cells.
  BulkBuilder(std::shared_ptr<Generation> generation, std::shared_ptr<const Schema> schema,
              std::filesystem::path runs_prefix, std::size_t memory_bytes, std::uint32_t segment_rows,
              UnixMillis now);

  Result<void> append(std::string_view id, std::span<const CellRef> cells);
  // Everything is in the file, and durable, when it returns.
  Result<BuildCounts> finish();

 private:
  Result<void> set_row(std::size_t row, std::string_view id, std::span<const CellRef> cells);
  void clear_row(std::size_t row);
  Result<void> set_cell(std::size_t row, const CellRef& cell);
  Result<void> set_leaf(std::size_t row, std::uint32_t column, const ValueRef& value, const Field& field);
  Result<void> set_value(std::size_t row, const std::string& path, const Field& field, const Value& value);
  void set_expiry(std::size_t row, std::uint32_t column);
  // REQUIRES: rows_ > 0. `key` is the last docid that the segment may hold.
  Result<void> close_segment(std::uint64_t key);
  Result<void> write_pending();
  Result<std::vector<DocId>> build_ids();
  Result<void> remove_rows(std::span<const DocId> docids);
  Result<void> build_index(std::size_t position, std::span<const DocId> removed);
  Result<std::string> stored_id(storage::NumberCursor& segments, DocId docid) const;

  std::shared_ptr<Generation> generation_;
  std::shared_ptr<const Schema> schema_;
  std::uint32_t segment_rows_;
  UnixMillis now_;
  FrequencyUpkeep frequencies_;
  std::vector<std::uint32_t> first_column_;            // by position of a field: its first leaf
  std::vector<std::uint32_t> columns_by_id_;           // order of columns in a block
  std::vector<ColumnBuffer> values_;                   // by column
  std::vector<std::optional<ColumnBuffer>> expiries_;  // by column, where it has a TTL
  DocId first_docid_ = 0;                              // of the open segment
  std::size_t rows_ = 0;                               // in the open segment
  std::size_t text_bytes_ = 0;                         // in the open segment
  DocId next_docid_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> pending_;  // closed segments, not yet written
  std::size_t pending_bytes_ = 0;
  std::size_t block_bytes_ = 0;  // of the segment that was closed last: the next one is about as large
  std::vector<std::unique_ptr<SortedRuns>> runs_;  // by position of an index
  std::string scratch_;
};

}  // namespace slate
