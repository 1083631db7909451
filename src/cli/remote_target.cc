#include "cli/remote_target.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/try.h"
#include "client/remote_builder.h"
#include "client/remote_database.h"

namespace slate::cli {
namespace {

FailureMemory memory_of(RefreshFailed failed) {
  return {.error = std::move(failed.failure.error),
          .kind = failed.failure.kind,
          .count = failed.count,
          .first_at = failed.first_at,
          .latest_at = failed.latest_at,
          .retry_at = failed.retry_at};
}

// Under the id that was asked for: a load that waits for another one goes as that does.
LoadStatus status_of(std::string_view id, LoadReport report, UnixMillis now) {
  LoadStatus status{.id = std::string(id),
                    .datasource = std::move(report.datasource),
                    .scope = std::move(report.scope),
                    .state = report.state,
                    .rows = report.counts.rows,
                    .bytes = report.counts.bytes,
                    .duplicates = report.duplicates,
                    .started_at = report.started_at,
                    .finished_at = report.finished_at,
                    .generation = report.generation,
                    .calls = report.counts.calls};
  const UnixMillis elapsed = std::max<UnixMillis>(report.finished_at.value_or(now) - report.started_at, 0);
  status.elapsed = std::chrono::milliseconds(elapsed);
  if (elapsed > 0)
    status.rows_per_second = 1000 * static_cast<double>(status.rows) / static_cast<double>(elapsed);
  if (report.failure) {
    status.error = std::move(report.failure->error);
    status.failure = report.failure->kind;
  }
  return status;
}

}  // namespace

Result<SnapshotInfo> RemoteTarget::live(CopyRef copy) {
  SLATE_TRY(const auto snapshot, database_.snapshot(copy));
  return snapshot->info();
}

Result<ClaimAnswer> RemoteTarget::claim(const RefreshClaim& claim) {
  SLATE_TRY(client::Lease lease, client::borrow(pool_));
  SLATE_TRY(auto answer, lease
                             ->begin_refresh(claim.copy(),
                                             {.mode = claim.datasource.loader->mode,
                                              .load_id = claim.load,
                                              .trigger = claim.trigger,
                                              .seen_generation = claim.seen_generation,
                                              .wait = claim.wait},
                                             {.stop = claim.stop})
                             .get());
  if (std::holds_alternative<RefreshEnded>(answer)) return ClaimEnded{};
  if (const auto* busy = std::get_if<RefreshBusy>(&answer)) return ClaimBusy{busy->load.counts};
  if (auto* failed = std::get_if<RefreshFailed>(&answer)) return memory_of(std::move(*failed));
  const auto& granted = std::get<RefreshGranted>(answer);
  auto builder = std::make_unique<client::RemoteBuilder>(
      std::move(lease), granted, [&progress = claim.progress] { return progress.counts(); });
  SLATE_TRY(require_declared_alike(claim.datasource, granted.datasource));
  auto give_up = [held = builder.get()](const LoadFailure& failure) { held->abort(failure); };
  const std::stop_token lost = builder->lost();
  return ClaimGranted{
      .builder = std::move(builder), .live = granted.live, .give_up = std::move(give_up), .lost = lost};
}

Result<std::optional<LoadStatus>> RemoteTarget::find(std::string_view load) {
  SLATE_TRY(const client::Lease lease, client::borrow(pool_));
  auto report = lease->get_load(load, {}).get();
  if (report) return status_of(load, *std::move(report), system_clock().now());
  if (report.error().reason() == Reason::kNotFound) return std::nullopt;
  return fail(std::move(report).error());
}

}  // namespace slate::cli
