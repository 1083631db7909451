// One copy of a datasource's records while the database is open: the schema, the live generation, and the one
// road by which commits go.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/record.h>

#include "db/conflicts.h"
#include "db/generation.h"
#include "db/prepared_write.h"
#include "db/writer.h"
#include "model/schema.h"

namespace slate {

// What a commit wants written, and under which condition.
struct CommitRequest {
  std::span<const PreparedWrite> writes;
  const Schema* schema = nullptr;                // that they were prepared for
  std::optional<std::uint64_t> since;            // optimistic: a point from Conflicts::begin()
  std::span<const std::string> read_for_update;  // ids that must not have changed since, beside those written
};

struct AppliedCommit;

// Thread-safe. Locks, in the order in which they are taken: write_mutex, then the state's own.
class CopyState {
 public:
  CopyState(std::shared_ptr<const Schema> schema, std::shared_ptr<Generation> live, const Clock& clock)
      : clock_(clock), schema_(std::move(schema)), live_(std::move(live)) {}

  struct Current {
    std::shared_ptr<const Schema> schema;
    std::shared_ptr<Generation> live;  // null: its file was damaged
    std::optional<Error> damage;
  };
  Current current() const;
  // With another generation everything has changed, and the file of the one before goes when its last reader
  // does. REQUIRES: write_mutex is held.
  void replace(std::shared_ptr<const Schema> schema, std::shared_ptr<Generation> live);
  void mark_damaged(Error error);
  // It is there no more: no commit succeeds, and the file goes when its last reader does.
  void drop();

  // Commits that wait together share one transaction and one sync. Errors: conflict; aborted when the schema
  // is not that of the request any more (prepare again); not_found when the datasource has gone; those of the
  // store.
  Result<WriteCounts> commit(const CommitRequest& request);
  // The same, alone. REQUIRES: write_mutex is held.
  Result<WriteCounts> commit_locked(const CommitRequest& request);
  // The same in two steps: everything that can be refused is refused by the first, which nobody sees the
  // effect of until the second. REQUIRES: write_mutex is held from the first to the second, which gets the
  // same request.
  Result<AppliedCommit> apply_locked(const CommitRequest& request);
  Result<WriteCounts> finish_locked(const CommitRequest& request, AppliedCommit applied);

  std::mutex& write_mutex() { return write_mutex_; }
  Conflicts& conflicts() { return conflicts_; }

  // While set, what is committed is also appended here: a merge that builds the next generation catches up
  // with it. REQUIRES: write_mutex is held.
  void set_journal(PreparedBatch* journal) { journal_ = journal; }
  bool has_journal() const { return journal_ != nullptr; }

 private:
  struct Waiting {
    const CommitRequest* request;
    std::optional<Result<WriteCounts>> result;
    bool done = false;  // guarded by queue_mutex_; from then on the leader does not touch it any more
  };
  void commit_together(std::span<Waiting* const> group);
  std::optional<Error> refusal(const CommitRequest& request, const Current& current) const;
  void committed(std::span<const PreparedWrite> writes);

  const Clock& clock_;
  std::mutex write_mutex_;
  Conflicts conflicts_;
  PreparedBatch* journal_ = nullptr;  // guarded by write_mutex_

  mutable std::mutex mutex_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<Generation> live_;
  std::optional<Error> damage_;
  bool dropped_ = false;

  std::mutex queue_mutex_;
  std::condition_variable done_;
  std::vector<Waiting*> queue_;  // guarded by queue_mutex_
  bool leading_ = false;         // some thread is committing for the others; guarded by queue_mutex_
};

// Writes that are in a transaction which has not been committed; destroyed before that, nothing happened.
struct AppliedCommit {
  CopyState::Current current;      // what the writer works on
  std::unique_ptr<Writer> writer;  // null when there is nothing to write
  WriteCounts counts;
};

}  // namespace slate
