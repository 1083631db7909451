#include "loader/refresh_attempt.h"

#include <chrono>
#include <utility>

#include "loader/refresh_policy.h"

namespace slate {
namespace {

// How often one hears of the progress of another process' load.
constexpr std::chrono::milliseconds kHearEvery{500};

// A database that is away says nothing about the loader: that was not called.
LoadFailure failure_to_begin(Error error) {
  if (error.reason() == Reason::kUnavailable || error.reason() == Reason::kOverloaded)
    return {FailureKind::kCancelled, std::move(error)};
  return failure_of_store(std::move(error));
}

LoadFailure stopped() { return {FailureKind::kCancelled, Error(Reason::kCancelled, "the load was stopped")}; }

// Asks until there is another answer than that somebody else loads.
Result<ClaimAnswer> ask(RefreshTarget& target, RefreshClaim claim, LoadProgress& progress, Joined& joined) {
  for (;;) {
    if (claim.stop.stop_requested()) return fail(Reason::kCancelled, "the load was stopped");
    auto answer = target.claim(claim);
    const auto* busy = answer ? std::get_if<ClaimBusy>(&*answer) : nullptr;
    if (busy == nullptr) return answer;
    progress.set(busy->load);
    joined = Joined::kYes;
    // That load is as good as one's own: what is waited for is its end, and what it ended with.
    claim.trigger = Trigger::kOnDemand;
  }
}

std::expected<AttemptResult, LoadFailure> load_into(const ClaimGranted& granted, const LoadCall& call,
                                                    Flight& flight, const Clock& clock) {
  const auto of_store = [](Error error) { return std::unexpected(failure_of_store(std::move(error))); };
  const LoaderConfig& config = *call.datasource.loader;
  const std::stop_token stop = flight.stop.get_token();
  GenerationBuilder& builder = *granted.builder;
  const UnixMillis started_at = clock.now();

  const auto append = [&](std::string_view id,
                          std::span<const CellRef> cells) -> std::expected<void, LoadFailure> {
    if (auto appended = builder.append(id, cells); !appended) return of_store(std::move(appended).error());
    return {};
  };
  // A loader that is silent does not keep it from ending.
  std::stop_source ending;
  const auto end = [&ending] { ending.request_stop(); };
  const std::stop_callback on_stop(stop, end);
  const std::stop_callback on_loss(granted.lost, end);
  const auto loaded = run_load(call, append, flight.progress, ending.get_token());
  const bool is_lost = granted.lost.stop_requested() && !stop.stop_requested();
  if (!loaded && !is_lost) return std::unexpected(loaded.error());

  const auto counts = builder.finish();
  if (!counts) return of_store(counts.error());
  if (!loaded) return of_store(Error(Reason::kUnavailable, "the right to refresh was lost"));
  const auto guarded = check_guards(config, {.live_rows = granted.live.rows,
                                             .received = loaded->rows,
                                             .duplicates = counts->duplicates,
                                             .rows = counts->rows,
                                             .announced_rows = loaded->announced_rows});
  if (!guarded) return std::unexpected(LoadFailure{FailureKind::kData, guarded.error()});
  if (stop.stop_requested()) return of_store(Error(Reason::kCancelled, "the load was stopped"));

  const auto generation = builder.publish(started_at);
  if (!generation) return of_store(generation.error());
  return AttemptResult{.generation = *generation, .rows = counts->rows, .duplicates = counts->duplicates};
}

}  // namespace

ClaimOutcome claim_refresh(RefreshTarget& target, Flight& flight, const NeedOf& need) {
  Joined joined = Joined::kNo;
  const auto satisfied = [&](const SnapshotInfo& live) {
    AttemptResult result{.generation = live.generation, .rows = live.rows, .joined = joined};
    if (joined == Joined::kNo) return result;
    // How it ended is better known than how it went when it was last heard of.
    if (const auto load = target.find(flight.id); load && *load) {
      flight.progress.set({.rows = (*load)->rows, .bytes = (*load)->bytes, .calls = (*load)->calls});
      result.duplicates = (*load)->duplicates;
    }
    return result;
  };
  for (;;) {
    if (flight.stop.stop_requested()) return stopped();
    const auto live = target.live(flight.copy());
    if (!live) return failure_to_begin(live.error());
    const Need needed = need(*live, joined);
    if (needed == Need::kNothing) return satisfied(*live);
    auto answer = ask(target,
                      {.load = flight.id,
                       .datasource = flight.datasource,
                       .scope = flight.scope,
                       .trigger = needed == Need::kLoad ? Trigger::kForced : Trigger::kOnDemand,
                       .seen_generation = live->generation,
                       .wait = kHearEvery,
                       .progress = flight.progress,
                       .stop = flight.stop.get_token()},
                      flight.progress, joined);
    if (!answer) return failure_to_begin(std::move(answer).error());
    if (auto* failures = std::get_if<FailureMemory>(&*answer)) return std::move(*failures);
    auto* granted = std::get_if<ClaimGranted>(&*answer);
    if (granted == nullptr) {  // it has ended, perhaps before the wait was over
      joined = Joined::kYes;
      continue;
    }
    // Another process may have published between the question and the grant.
    if (need(granted->live, joined) == Need::kNothing) return satisfied(granted->live);
    return std::move(*granted);
  }
}

std::expected<AttemptResult, LoadFailure> fill_generation(ClaimGranted granted, const LoadCall& call,
                                                          Flight& flight, const Clock& clock) {
  auto filled = load_into(granted, call, flight, clock);
  if (!filled && filled.error().kind != FailureKind::kCancelled && granted.give_up)
    granted.give_up(filled.error());
  return filled;
}

}  // namespace slate
