// One moment of one datasource.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <slate/clock.h>
#include <slate/distinct.h>
#include <slate/error.h>
#include <slate/explain.h>
#include <slate/options.h>
#include <slate/query.h>
#include <slate/record.h>
#include <slate/result_set.h>

namespace slate {

struct SnapshotInfo {
  std::uint64_t generation = 0;    // grows with each refresh
  std::uint64_t data_version = 0;  // grows with each commit to the generation
  std::uint64_t rows = 0;
  std::optional<UnixMillis> loaded_at;  // absent: never loaded
  UnixMillis now = 0;                   // the instant at which TTLs are judged
};

struct Count {
  std::uint64_t value = 0;
  bool exact = true;  // false: there are at least this many
};

// Every answer of one snapshot is of the same data at the same instant, whatever is written meanwhile. It
// holds back the reuse of disk pages: do not keep it longer than an answer takes. One thread at a time.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  virtual const Datasource& datasource() const = 0;
  virtual const SnapshotInfo& info() const = 0;
  // The rows of a query. Errors: invalid_argument naming the field or operator at fault; corrupt.
  // The result set may outlive the snapshot object.
  virtual Result<std::unique_ptr<ResultSet>> query(const Query& query, const QueryOptions& options = {}) = 0;
  // How many records match, counting at most `limit`.
  virtual Result<Count> count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit = {},
                              const QueryOptions& options = {}) = 0;
  // The values of a field among the records that match, with how many have each. From an index or the
  // generation's statistics where they can tell, otherwise by reading the field of the matching records.
  // Errors: invalid_argument naming the field or operator at fault; quota_exceeded when an order by count has
  // more values than QueryOptions::memory_bytes has room for; corrupt.
  virtual Result<DistinctValues> distinct(const DistinctQuery& query, const QueryOptions& options = {}) = 0;
  virtual Result<Explanation> explain(const Query& query, ExplainMode mode,
                                      const QueryOptions& options = {}) = 0;
  // The row of one id as a batch of one, every column, or null when absent. Valid until the next call. O(log
  // n).
  virtual Result<const Batch*> find(std::string_view id) = 0;
  // The columns of find().
  virtual const std::vector<ResultColumn>& columns() const = 0;

  // A copy of one record, or nothing when absent.
  Result<std::optional<Record>> get(std::string_view id);
};

}  // namespace slate
