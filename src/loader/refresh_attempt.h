// One try at filling and publishing the next generation.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <stop_token>

#include <slate/clock.h>
#include <slate/snapshot.h>

#include "loader/loader_client.h"
#include "loader/refresher.h"

namespace slate {

enum class AttemptKind : std::uint8_t {
  kLoaded,     // the loader was called and its rows went live
  kSatisfied,  // what is live already answers everybody who waits: nothing was called
};

struct AttemptResult {
  AttemptKind kind = AttemptKind::kLoaded;
  std::uint64_t generation = 0;
  std::uint64_t rows = 0;  // in the generation
  std::uint64_t duplicates = 0;
};

// Blocks until it has ended. All or nothing: on any failure what was live stays live, and the builder is
// destroyed unpublished. The published load time is that of the start, because no row is promised to be
// younger.
std::expected<AttemptResult, LoadFailure> attempt_refresh(
    RefreshTarget& target, CopyRef copy, const Clock& clock, const LoadCall& call,
    const std::function<bool(const SnapshotInfo&)>& satisfied, LoadProgress& progress,
    const std::stop_token& stop);

}  // namespace slate
