// The words of a load: what asks for one, how it stands, and why it failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <slate/clock.h>
#include <slate/error.h>

namespace slate {

enum class FailureKind : std::uint8_t {
  kCredentials,    // what this caller sent was refused; says nothing about other callers
  kUnavailable,    // not reachable, too slow or too busy: may pass by itself
  kConfiguration,  // endpoint, datasource or loader must be changed by a person
  kData,           // a bad row, a broken stream, or a guard that did not hold
  kStore,          // our own side could not store the rows
  kChanged,        // the datasource was changed or dropped while it was being loaded
  kCancelled,      // not begun or not ended: Slate is shutting down, or its database is away
};

struct LoadFailure {
  FailureKind kind = FailureKind::kStore;
  Error error;
};

// Of a load so far.
struct LoadCounts {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // as the loader sent them
  std::uint32_t calls = 0;  // of the loader
  bool operator==(const LoadCounts&) const = default;
};

enum class LoadState : std::uint8_t { kRunning, kSucceeded, kFailed };

enum class Trigger : std::uint8_t {
  kOnDemand,  // a request found the data stale: no load when that has changed meanwhile, or while backing off
  kForced,    // somebody asked for a load: always one, or the one that runs
};

// Of a load, as a server knows it.
struct LoadReport {
  std::string load_id;  // of the refresh that runs: an id that waited for it is another name of it
  std::string datasource;
  std::string scope;
  LoadState state = LoadState::kRunning;
  LoadCounts counts;
  std::uint64_t duplicates = 0;  // kSucceeded: rows that a later one of the same id replaced
  UnixMillis started_at = 0;
  std::optional<UnixMillis> finished_at;
  std::uint64_t generation = 0;        // kSucceeded: the one that went live
  std::optional<LoadFailure> failure;  // kFailed
};

}  // namespace slate
