// What a request gets, and when a datasource is loaded again: decisions without I/O, clock or threads.
#pragma once

#include <cstdint>
#include <optional>

#include <slate/clock.h>
#include <slate/datasource.h>
#include <slate/error.h>

#include "loader/load_failure.h"

namespace slate {

inline constexpr UnixMillis kFirstBackoff = 1'000;
inline constexpr UnixMillis kLongestBackoff = 300'000;

// The failures since the last success.
struct FailureMemory {
  Error error;              // of the latest
  FailureKind kind;         // of the latest
  std::uint32_t count = 0;  // in a row
  UnixMillis first_at = 0;  // when the first of them ended
  UnixMillis latest_at = 0;
  UnixMillis retry_at = 0;  // no load before this
};

enum class LoadActivity : std::uint8_t { kIdle, kRunning };

struct FreshnessFacts {
  UnixMillis now = 0;
  std::optional<UnixMillis> loaded_at;  // when the live generation's load began; absent: never loaded
  LoadActivity activity = LoadActivity::kIdle;
  const FailureMemory* failures = nullptr;  // null: none; those that are past do not count
};

enum class Serve : std::uint8_t {
  kFresh,  // the stored rows are young enough
  kStale,  // the stored rows, marked stale, at once
  kWait,   // nothing may be served before a refresh has ended
  kError,  // nothing may be served, and no refresh may start yet
};
enum class RefreshAction : std::uint8_t {
  kNone,
  kJoin,  // start a refresh, or join the one that runs
};

struct FreshnessDecision {
  Serve serve = Serve::kFresh;
  RefreshAction refresh = RefreshAction::kNone;
  std::optional<UnixMillis> expires_at;  // of the stored rows; absent: never loaded, or they do not expire
  std::optional<Error> reason;           // kError: the answer, with retry_after; kStale: why, after a failure
};

// Total. In this order:
//   never loaded          wait; or, while backing off, the remembered error
//   younger than its ttl  fresh; without a ttl always
//   failing               stale for `stale_if_error` after the first failure, with a refresh beside it unless
//   backing
//                         off; after that wait, or while backing off the remembered error
//   expired not longer than `stale_while_revalidate`    stale, with a refresh beside it
//   expired               wait
// Rows from more than a minute in the future (the clock was set back) count as expired.
FreshnessDecision decide_freshness(const LoaderConfig& config, const FreshnessFacts& facts);

// Whether what is live was loaded after them, by another process perhaps: then they are over.
bool is_past(const FailureMemory& failures, std::optional<UnixMillis> loaded_at);
// True while no load may start by itself.
bool is_backing_off(const FailureMemory& failures, UnixMillis now);
// The remembered error, with the seconds until the next load may start.
Error remembered_error(const FailureMemory& failures, UnixMillis now);

// Whether a failure is remembered and delays the next load: credentials, changes of the datasource and
// shutdown say nothing about the loader.
bool delays_next_load(FailureKind kind);
// `previous` null: the first in a row. `random` in [0, 1): spreads the delay over its last quarter.
FailureMemory remember_failure(const FailureMemory* previous, LoadFailure failure, UnixMillis now,
                               double random);

struct GuardFacts {
  std::uint64_t live_rows = 0;                  // in the generation that would be replaced
  std::uint64_t received = 0;                   // rows of the stream
  std::uint64_t duplicates = 0;                 // of them, replaced by a later one of the same id
  std::uint64_t rows = 0;                       // in the new generation
  std::optional<std::uint64_t> announced_rows;  // by the loader
};
// Whether a load that ended well may become visible. loader_failed naming the guard, its limit and the count.
Result<void> check_guards(const LoaderConfig& config, const GuardFacts& facts);

}  // namespace slate
