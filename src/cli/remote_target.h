// Where the refresher's loads go when the database is elsewhere and other processes load into it, too.
#pragma once

#include <slate/pool.h>

#include "loader/refresh_target.h"

namespace slate::cli {

// The database's server says who refreshes a copy, who waits, and how long all back off: src/server's
// RefreshBoard. A claim that waits and a load that runs have a connection of the pool each. Safe from any
// thread.
class RemoteTarget final : public RefreshTarget {
 public:
  // `pool` and `database`, which is behind it, must outlive this.
  RemoteTarget(ClientPool& pool, Database& database) : pool_(pool), database_(database) {}

  Result<SnapshotInfo> live(CopyRef copy) override;
  Result<ClaimAnswer> claim(const RefreshClaim& claim) override;
  Result<std::optional<LoadStatus>> find(std::string_view load) override;

 private:
  ClientPool& pool_;
  Database& database_;
};

}  // namespace slate::cli
