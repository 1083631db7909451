// One try at filling and publishing the next generation: first the right to do so, then the load.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <variant>

#include <slate/clock.h>
#include <slate/snapshot.h>

#include "loader/flight.h"
#include "loader/loader_client.h"
#include "loader/refresh_target.h"

namespace slate {

// What is missing for those who wait.
enum class Need : std::uint8_t {
  kNothing,  // what is live answers everybody
  kNewer,    // a newer generation, whoever loads it
  kLoad,     // somebody asked for a load
};
// Whether another process' load was met and waited for.
enum class Joined : std::uint8_t { kNo, kYes };
using NeedOf = std::function<Need(const SnapshotInfo& live, Joined joined)>;

struct AttemptResult {
  std::uint64_t generation = 0;
  std::uint64_t rows = 0;  // in the generation
  std::uint64_t duplicates = 0;
  Joined joined = Joined::kNo;
};

// ClaimGranted: the load is to be run. AttemptResult: what is live, and enough by now. FailureMemory: that of
// all processes. LoadFailure: of the target; kCancelled when that is away.
using ClaimOutcome = std::variant<ClaimGranted, AttemptResult, FailureMemory, LoadFailure>;

// Blocks while another process loads; its progress is then that of the flight. `need` is asked each time
// anew: waiters come and go.
ClaimOutcome claim_refresh(RefreshTarget& target, Flight& flight, const NeedOf& need);

// Calls the loader; blocks until it has ended. All or nothing: on any failure what was live stays live, and
// the right is given up. The published load time is that of the start, because no row is promised to be
// younger.
std::expected<AttemptResult, LoadFailure> fill_generation(ClaimGranted granted, const LoadCall& call,
                                                          Flight& flight, const Clock& clock);

}  // namespace slate
