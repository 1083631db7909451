// A snapshot that a server keeps.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <slate/snapshot.h>

#include "client/remote_database.h"
#include "client/rows.h"

namespace slate::client {

class RemoteSnapshot final : public Snapshot {
 public:
  // `opened` on the connection of `lease`.
  RemoteSnapshot(Lease lease, OpenedSnapshot opened);

  const Datasource& datasource() const override { return held_->opened.datasource; }
  const SnapshotInfo& info() const override { return held_->opened.info; }
  Result<std::unique_ptr<ResultSet>> query(const Query& query, const QueryOptions& options) override;
  Result<Count> count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit,
                      const QueryOptions& options) override;
  Result<DistinctValues> distinct(const DistinctQuery& query, const QueryOptions& options) override;
  Result<Explanation> explain(const Query& query, ExplainMode mode, const QueryOptions& options) override;
  Result<const Batch*> find(std::string_view id) override;
  const std::vector<ResultColumn>& columns() const override;

 private:
  // Result sets hold it too; its end closes the snapshot and gives the connection back.
  struct Held {
    Held(Lease connection, OpenedSnapshot snapshot)
        : lease(std::move(connection)), opened(std::move(snapshot)) {}
    ~Held();
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    const Lease lease;
    const OpenedSnapshot opened;
  };

  const std::shared_ptr<Held> held_;
  mutable std::vector<ResultColumn> columns_;
  std::optional<FoundRecord> found_;  // what find() returned points into it
};

}  // namespace slate::client
