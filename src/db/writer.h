// Applying writes to a generation: records, and every index entry with them, in one transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/record.h>

#include "codec/block.h"
#include "db/frequency_upkeep.h"
#include "db/generation.h"
#include "db/prepared_write.h"
#include "db/segment_editor.h"
#include "exec/sort_buffer.h"
#include "model/schema.h"
#include "storage/cursor.h"
#include "storage/environment.h"

namespace slate {

// Lives as long as one write transaction; apply() may be called several times. After an error the transaction
// must be given up. Not thread-safe.
class Writer {
 public:
  // REQUIRES: no other write transaction of the generation is open.
  static Result<Writer> begin(Generation& generation, const Schema& schema, UnixMillis now);

  // In order: later writes see earlier ones. O(segments touched) block rewrites.
  Result<WriteCounts> apply(std::span<const PreparedWrite> writes);
  // Adds the records of `segments` more segments to indexes that are not whole. False when all of them are.
  Result<bool> build_indexes(std::size_t segments);
  // Sweeps `segments` segments from the one after `after` on; the key to go on from, or nothing at the end.
  Result<std::optional<std::uint64_t>> sweep(std::uint64_t after, std::size_t segments);

  GenerationState& state() { return state_; }
  storage::WriteTransaction& transaction() { return transaction_; }
  // Whether sweep() found anything to remove.
  bool has_swept() const { return swept_; }
  // Makes everything visible at once.
  Result<void> commit();

 private:
  Writer(Generation& generation, const Schema& schema, UnixMillis now, storage::WriteTransaction transaction,
         GenerationState state)
      : generation_(generation),
        schema_(schema),
        now_(now),
        transaction_(std::move(transaction)),
        state_(std::move(state)),
        frequencies_(generation, schema),
        index_changes_(schema.indexes.size()) {}

  static constexpr std::uint32_t kNone = UINT32_MAX;
  // What happens to one record in one apply().
  struct Edit {
    DocId docid = 0;
    bool inserted = false;              // not in the store before this apply()
    bool removed = false;               // gone in the end
    std::uint32_t first_write = kNone;  // since it was inserted, or all of them
    std::uint32_t last_write = kNone;
  };
  struct Plan {
    std::span<const PreparedWrite> writes;
    std::vector<std::uint32_t> next;  // of a write: the next one of the same edit
    std::vector<Edit> edits;          // ascending by docid
  };
  // The records that writes name, each once.
  struct NamedRecords {
    std::vector<std::uint32_t> of_write;       // position in `stored`
    std::vector<std::optional<DocId>> stored;  // nothing: not in the store
  };
  struct IndexChanges {
    SortBuffer removed;
    SortBuffer added;
  };

  Result<BlockView> checked_block(const storage::NumberEntry& entry,
                                  std::unique_ptr<std::uint64_t[]>& copy) const;
  storage::Table id_table() const;
  Result<std::optional<DocId>> find_docid(std::string_view id);
  Result<NamedRecords> look_up(std::span<const PreparedWrite> writes);
  Result<Plan> plan(std::span<const PreparedWrite> writes, WriteCounts& counts);
  Result<void> apply_to_segment(const Plan& plan, std::span<const Edit> edits, std::uint64_t key,
                                SegmentEditor& editor);
  Result<void> apply_edit(const Plan& plan, const Edit& edit, SegmentEditor& editor, std::uint32_t row);
  void collect_index_changes(const Edit& edit, const SegmentEditor& editor, std::uint32_t row,
                             std::uint32_t base_rows);
  Result<void> store(std::uint64_t old_key, bool existed, SegmentEditor& editor, std::uint64_t key);
  Result<void> apply_index_changes();
  Result<void> apply_changes_of(const Index& index, IndexChanges& changes);
  bool is_maintained(const Index& index, DocId docid) const;

  Generation& generation_;
  const Schema& schema_;
  UnixMillis now_;
  storage::WriteTransaction transaction_;
  GenerationState state_;
  FrequencyUpkeep frequencies_;
  bool swept_ = false;
  std::vector<IndexChanges> index_changes_;  // by position in Schema::indexes
};

// The key of the segment that a new record of this docid goes to.
inline std::uint64_t segment_key(DocId docid, std::uint32_t segment_rows) {
  return docid | (segment_rows - 1);
}

}  // namespace slate
