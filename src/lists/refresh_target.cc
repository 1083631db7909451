#include "lists/refresh_target.h"

#include "base/try.h"

namespace slate {

Result<SnapshotInfo> DatabaseTarget::live(CopyRef copy) {
  SLATE_TRY(const auto snapshot, database_.snapshot(copy));
  return snapshot->info();
}

Result<ClaimAnswer> DatabaseTarget::claim(const RefreshClaim& claim) {
  ClaimGranted granted;
  // Before the snapshot: from here on a change of the fields keeps it from being published.
  SLATE_TRY(granted.builder, database_.begin_generation(claim.copy(), claim.datasource.loader->mode));
  SLATE_TRY(const auto snapshot, database_.snapshot(claim.copy()));
  SLATE_TRY(require_declared_alike(claim.datasource, snapshot->datasource()));
  granted.live = snapshot->info();
  return granted;
}

}  // namespace slate
