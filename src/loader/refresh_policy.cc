#include "loader/refresh_policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace slate {
namespace {

// Clocks of one machine are corrected by less than this without anybody noticing.
constexpr UnixMillis kClockTolerance = 60'000;

UnixMillis plus(UnixMillis at, UnixMillis duration) {
  constexpr auto kLast = std::numeric_limits<UnixMillis>::max();
  return at > 0 && duration > kLast - at ? kLast : at + duration;
}
UnixMillis plus_seconds(UnixMillis at, std::int64_t seconds) {
  constexpr auto kMost = std::numeric_limits<UnixMillis>::max() / 1000;
  return plus(at, std::clamp<std::int64_t>(seconds, 0, kMost) * 1000);
}

}  // namespace

bool is_past(const FailureMemory& failures, std::optional<UnixMillis> loaded_at) {
  return loaded_at && *loaded_at > failures.latest_at;
}

bool is_backing_off(const FailureMemory& failures, UnixMillis now) {
  // A longer wait than the longest can only come from a clock that was set back.
  return now < failures.retry_at && failures.retry_at - now <= kLongestBackoff;
}

Error remembered_error(const FailureMemory& failures, UnixMillis now) {
  const auto wait = std::clamp<UnixMillis>(failures.retry_at - now, 1, kLongestBackoff);
  return Error(failures.error).with_retry_after(static_cast<int>((wait + 999) / 1000));
}

FreshnessDecision decide_freshness(const LoaderConfig& config, const FreshnessFacts& facts) {
  const bool running = facts.activity == LoadActivity::kRunning;
  const bool failing = facts.failures != nullptr && !is_past(*facts.failures, facts.loaded_at);
  const bool held_back = failing && !running && is_backing_off(*facts.failures, facts.now);
  FreshnessDecision wait{.serve = Serve::kWait, .refresh = RefreshAction::kJoin};

  if (!facts.loaded_at) {
    if (held_back) return {.serve = Serve::kError, .reason = remembered_error(*facts.failures, facts.now)};
    return wait;
  }
  if (!config.ttl) return {.serve = Serve::kFresh};

  FreshnessDecision decision;
  decision.expires_at = plus_seconds(*facts.loaded_at, *config.ttl);
  const bool from_the_future = *facts.loaded_at > plus(facts.now, kClockTolerance);
  if (facts.now < *decision.expires_at && !from_the_future) return decision;

  decision.refresh = held_back ? RefreshAction::kNone : RefreshAction::kJoin;
  if (failing) {
    decision.reason = held_back ? remembered_error(*facts.failures, facts.now) : facts.failures->error;
    if (facts.now < plus_seconds(facts.failures->first_at, config.stale_if_error))
      decision.serve = Serve::kStale;
    else
      decision.serve = held_back ? Serve::kError : Serve::kWait;
  } else {
    const auto served_until = plus_seconds(*decision.expires_at, config.stale_while_revalidate);
    decision.serve = facts.now < served_until && !from_the_future ? Serve::kStale : Serve::kWait;
  }
  if (decision.serve == Serve::kWait) decision.reason.reset();
  return decision;
}

bool delays_next_load(FailureKind kind) {
  switch (kind) {
    case FailureKind::kUnavailable:
    case FailureKind::kConfiguration:
    case FailureKind::kData:
    case FailureKind::kStore: return true;
    case FailureKind::kCredentials:
    case FailureKind::kChanged:
    case FailureKind::kCancelled: break;
  }
  return false;
}

FailureMemory remember_failure(const FailureMemory* previous, LoadFailure failure, UnixMillis now,
                               double random) {
  const std::uint32_t earlier = previous != nullptr ? previous->count : 0;
  UnixMillis delay = kFirstBackoff;
  for (std::uint32_t i = 0; i < earlier && delay < kLongestBackoff; ++i) delay *= 2;
  delay = std::min(delay, kLongestBackoff);
  const auto spread = static_cast<UnixMillis>(static_cast<double>(delay) / 4 * std::clamp(random, 0.0, 1.0));
  return {.error = std::move(failure.error),
          .kind = failure.kind,
          .count = earlier == std::numeric_limits<std::uint32_t>::max() ? earlier : earlier + 1,
          .first_at = previous != nullptr ? previous->first_at : now,
          .latest_at = now,
          .retry_at = plus(now, delay - spread)};
}

Result<void> check_guards(const LoaderConfig& config, const GuardFacts& facts) {
  if (facts.announced_rows && *facts.announced_rows != facts.received)
    return fail(Reason::kLoaderFailed,
                fmt::format("slate-row-count: the loader announced {} rows and sent {}",
                            *facts.announced_rows, facts.received));
  const auto loaded = config.mode == LoadMode::kReplace
                          ? facts.rows
                          : facts.received - std::min(facts.received, facts.duplicates);
  if (config.min_rows && static_cast<std::uint64_t>(std::max<std::int64_t>(*config.min_rows, 0)) > loaded)
    return fail(Reason::kLoaderFailed,
                fmt::format("minRows: expected at least {} rows, got {}", *config.min_rows, loaded));
  if (config.max_shrink && facts.rows < facts.live_rows) {
    const double lost =
        static_cast<double>(facts.live_rows - facts.rows) / static_cast<double>(facts.live_rows);
    if (lost > *config.max_shrink)
      return fail(
          Reason::kLoaderFailed,
          fmt::format("maxShrink: {} rows became {}, a loss of {:.1f} % where at most {:.1f} % is allowed",
                      facts.live_rows, facts.rows, lost * 100, *config.max_shrink * 100));
  }
  return {};
}

}  // namespace slate
