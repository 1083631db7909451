// Where the refresher's loads go when nobody else loads into the database.
#pragma once

#include <slate/database.h>

#include "loader/refresh_target.h"

namespace slate {

// A database of this process: the right to refresh is always granted, once the refresher asks for it. Safe
// from any thread.
class DatabaseTarget final : public RefreshTarget {
 public:
  // `database` must outlive this.
  explicit DatabaseTarget(Database& database) : database_(database) {}

  Result<SnapshotInfo> live(CopyRef copy) override;
  Result<ClaimAnswer> claim(const RefreshClaim& claim) override;

 private:
  Database& database_;
};

}  // namespace slate
