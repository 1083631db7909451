// One generation: the file that holds one complete version of a datasource's records.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <slate/clock.h>
#include <slate/error.h>

#include "codec/block.h"
#include "codec/frequencies.h"
#include "exec/generation_view.h"
#include "exec/segments.h"
#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

// An index is whole once `indexed_until` is kWhole; until then records below that docid are in it.
inline constexpr DocId kWhole = UINT64_MAX;

struct IndexProgress {
  std::uint32_t index_id = 0;
  DocId indexed_until = kWhole;
};

// What a generation knows of itself; stored under one key and changed in the same transaction as the records.
struct GenerationState {
  std::uint32_t segment_rows = 256;
  DocId next_docid = 0;
  std::uint64_t rows = 0;
  std::uint64_t data_version = 0;
  std::uint64_t changes = 0;          // records inserted, updated and deleted, ever
  std::uint64_t sampled_changes = 0;  // `changes` when statistics were last taken
  std::vector<IndexProgress> indexes;

  const IndexProgress* find(std::uint32_t index_id) const;
};

// Threads: as of storage::Environment. Its file is removed with it once it has been retired.
class Generation {
 public:
  struct Options {
    std::uint64_t map_bytes;
    storage::CommitSync commit_sync;
    storage::Access access = storage::Access::kReadWrite;
    storage::Faults* faults = nullptr;
  };
  // Makes a new, empty file; index tables for each of the schema's indexes, all of them whole.
  static Result<std::unique_ptr<Generation>> create(const std::filesystem::path& path, std::uint64_t number,
                                                    const Schema& schema, std::uint32_t segment_rows,
                                                    const Options& options);
  // Errors: corrupt, unsupported_format, io; not_found when there is no file.
  static Result<std::unique_ptr<Generation>> open(const std::filesystem::path& path, std::uint64_t number,
                                                  const Schema& schema, const Options& options);
  ~Generation();

  std::uint64_t number() const { return number_; }
  // When its load began to be true; absent: not from a loader. Set before others see the generation.
  const std::optional<UnixMillis>& loaded_at() const { return loaded_at_; }
  void set_loaded_at(std::optional<UnixMillis> loaded_at) { loaded_at_ = loaded_at; }
  const std::filesystem::path& path() const { return path_; }
  storage::Environment& environment() { return *environment_; }
  storage::Table segments() const { return segments_; }
  VerifiedSegments& verified() { return verified_; }

  Result<GenerationState> read_state(const storage::Transaction& transaction) const;
  Result<void> write_state(storage::WriteTransaction& transaction, const GenerationState& state) const;
  // The statistics' bytes as they are stored, nothing when there are none yet.
  Result<std::optional<std::string_view>> statistics_bytes(const storage::Transaction& transaction) const;
  // Replaces the statistics; see codec/statistics.h.
  Result<void> write_statistics(storage::WriteTransaction& transaction, std::string_view bytes);
  // Those of a column, as the transaction sees them; empty ones when it never had a value.
  Result<Frequencies> read_frequencies(const storage::Transaction& transaction, FieldId field) const;
  Result<void> write_frequencies(storage::WriteTransaction& transaction, FieldId field,
                                 const Frequencies& frequencies) const;
  // The table of an index that has one.
  std::optional<storage::Table> index_table(std::uint32_t index_id) const;
  // Makes a table for an index; in use once the transaction has committed and its state names it.
  Result<storage::Table> create_index_table(storage::WriteTransaction& transaction, std::uint32_t index_id);

  // What a query may read. Indexes that are not whole in this snapshot are left out.
  Result<GenerationView> view(const storage::ReadTransaction& transaction, const Schema& schema,
                              UnixMillis now, GenerationState* state = nullptr);

  // What a snapshot taken now would read of its state, without a look at the file; nothing while a commit is
  // under way or after one that failed, when only the file can tell.
  struct Version {
    std::uint64_t data_version = 0;
    std::uint64_t rows = 0;
  };
  std::optional<Version> version() const;
  // Around each commit of a change: nothing is known from before it until it has succeeded, so that nobody
  // who has read the new state is told the old one.
  void forget_version();
  void set_version(const GenerationState& state);

  // The file goes when the last owner lets go.
  void retire() { retired_.store(true, std::memory_order_relaxed); }

 private:
  Generation() = default;
  // With its environment, and nothing known yet of what is in it.
  static Result<std::unique_ptr<Generation>> over(const std::filesystem::path& path, std::uint64_t number,
                                                  const Options& options);
  Result<void> find_tables(storage::Transaction& transaction, const Schema& schema);
  std::shared_ptr<SegmentAddresses> addresses_for(std::uint64_t transaction_id, const GenerationState& state);
  std::optional<StatisticsView> read_statistics(const storage::Transaction& transaction,
                                                const GenerationState& state);

  std::uint64_t number_ = 0;
  std::optional<UnixMillis> loaded_at_;
  std::filesystem::path path_;
  std::unique_ptr<storage::Environment> environment_;
  storage::Table meta_;
  storage::Table segments_;
  VerifiedSegments verified_;
  std::atomic<bool> retired_ = false;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, storage::Table> index_tables_;  // guarded by mutex_
  std::shared_ptr<SegmentAddresses> addresses_;           // of the newest version seen; guarded by mutex_
  std::uint64_t addressed_transaction_ = 0;               // that version; guarded by mutex_
  std::optional<Version> version_;                        // guarded by mutex_
  // `sampled_changes` of the statistics that were verified last, and one; 0: none were.
  std::atomic<std::uint64_t> verified_statistics_ = 0;
};

// Removes a generation's file and its lock file; missing ones are no error.
void remove_generation_files(const std::filesystem::path& path);

}  // namespace slate
