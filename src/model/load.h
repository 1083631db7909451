// The words of a load: what asks for one, how it stands, and why it failed.
#pragma once

#include <cstdint>
#include <string_view>

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

}  // namespace slate
