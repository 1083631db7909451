#include "loader/refresh_attempt.h"

#include <memory>
#include <utility>

#include "loader/refresh_policy.h"

namespace slate {

std::expected<AttemptResult, LoadFailure> attempt_refresh(
    RefreshTarget& target, CopyRef copy, const Clock& clock, const LoadCall& call,
    const std::function<bool(const SnapshotInfo&)>& satisfied, LoadProgress& progress,
    const std::stop_token& stop) {
  const auto of_store = [](Error error) { return std::unexpected(failure_of_store(std::move(error))); };
  const LoaderConfig& config = *call.datasource.loader;

  const auto live = target.live(copy);
  if (!live) return of_store(live.error());
  if (satisfied(*live))
    return AttemptResult{.kind = AttemptKind::kSatisfied, .generation = live->generation, .rows = live->rows};

  const UnixMillis started_at = clock.now();
  auto begun = target.begin(copy, config.mode);
  if (!begun) return of_store(std::move(begun).error());
  const std::unique_ptr<GenerationBuilder> builder = *std::move(begun);

  const auto append = [&](std::string_view id,
                          std::span<const CellRef> cells) -> std::expected<void, LoadFailure> {
    if (auto appended = builder->append(id, cells); !appended) return of_store(std::move(appended).error());
    return {};
  };
  const auto loaded = run_load(call, append, progress, stop);
  if (!loaded) return std::unexpected(loaded.error());

  const auto counts = builder->finish();
  if (!counts) return of_store(counts.error());
  const auto guarded = check_guards(config, {.live_rows = live->rows,
                                             .received = loaded->rows,
                                             .duplicates = counts->duplicates,
                                             .rows = counts->rows,
                                             .announced_rows = loaded->announced_rows});
  if (!guarded) return std::unexpected(LoadFailure{FailureKind::kData, guarded.error()});
  if (stop.stop_requested()) return of_store(Error(Reason::kCancelled, "the load was stopped"));

  const auto generation = builder->publish(started_at);
  if (!generation) return of_store(generation.error());
  return AttemptResult{.generation = *generation, .rows = counts->rows, .duplicates = counts->duplicates};
}

}  // namespace slate
