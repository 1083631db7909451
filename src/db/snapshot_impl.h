// Snapshots of the embedded database.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <slate/snapshot.h>

#include "codec/cursor_token.h"
#include "db/generation.h"
#include "exec/generation_view.h"
#include "exec/scan_helpers.h"
#include "model/schema.h"
#include "query/bound_query.h"
#include "storage/environment.h"

namespace slate {

// What a snapshot's answers point at; result sets hold it too. Members are destroyed from the last to the
// first.
struct SnapshotData {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<Generation> generation;
  std::shared_ptr<ScanHelpers> helpers;
  std::optional<storage::ReadTransaction> transaction;
  GenerationView view;
};

class StoredSnapshot final : public Snapshot {
 public:
  static Result<std::unique_ptr<StoredSnapshot>> open(std::shared_ptr<const Schema> schema,
                                                      std::shared_ptr<Generation> generation, UnixMillis now,
                                                      const CursorKey& cursor_key,
                                                      std::shared_ptr<ScanHelpers> helpers);

  const Datasource& datasource() const override { return data_->schema->datasource; }
  const SnapshotInfo& info() const override { return info_; }
  Result<std::unique_ptr<ResultSet>> query(const Query& query, const QueryOptions& options) override;
  Result<Count> count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit,
                      const QueryOptions& options) override;
  Result<DistinctValues> distinct(const DistinctQuery& query, const QueryOptions& options) override;
  Result<Explanation> explain(const Query& query, ExplainMode mode, const QueryOptions& options) override;
  Result<const Batch*> find(std::string_view id) override;
  const std::vector<ResultColumn>& columns() const override { return data_->schema->result_columns; }

  const GenerationState& state() const { return state_; }
  const SnapshotData& data() const { return *data_; }

 private:
  StoredSnapshot() = default;
  Result<BoundQuery> bound(const Query& query) const;
  // For find(): made when first used.
  struct Finder;
  Result<Finder*> finder();

  std::shared_ptr<SnapshotData> data_;
  GenerationState state_;
  SnapshotInfo info_;
  std::shared_ptr<Finder> finder_;
};

}  // namespace slate
