// How a load stands.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/load.h>

namespace slate {

// Names one refresh, for its whole life. Nobody guesses it: who has it was told it.
using LoadId = std::string;

struct LoadStatus {
  LoadId id;
  std::string datasource;
  std::string scope;  // empty: all callers share the copy
  LoadState state = LoadState::kRunning;
  std::uint64_t rows = 0;        // received so far
  std::uint64_t bytes = 0;       // received so far, as messages
  std::uint64_t duplicates = 0;  // rows that a later one of the same id replaced; known at the end
  double rows_per_second = 0;
  std::chrono::milliseconds elapsed{0};
  UnixMillis started_at = 0;
  std::optional<UnixMillis> finished_at;
  std::uint64_t generation = 0;        // kSucceeded: the one that went live
  std::uint32_t calls = 0;             // of the loader: more than one when callers' credentials were refused
  std::optional<Error> error;          // kFailed
  std::optional<FailureKind> failure;  // kFailed
};

}  // namespace slate
