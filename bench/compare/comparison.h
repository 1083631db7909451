// Runs lines on all engines side by side and makes sure that they answer the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/compare/engine.h"

namespace slate::bench::compare {

struct ComparisonOptions {
  std::vector<std::string> lines{};  // names; empty: all
  std::size_t repeat = 9;            // turns of an engine on a query; on a line that writes at most 3
  std::function<void(std::string_view)> progress{};  // told what comes next, for people who wait
  std::function<bool()> stopped{};                   // true: give up with `cancelled`
};

struct Timing {
  Role role = Role::kPeer;
  std::string engine;
  std::string setup;
  Indexes indexes = Indexes::kTwo;
  double median_ms = 0;
  double least_ms = 0;
  std::size_t runs = 0;
};

struct LineComparison {
  const Line* line = nullptr;
  std::uint64_t rows = 0;       // returned, counted or written
  std::vector<Timing> timings;  // of the engines that run the line, in their order
};

// For each line: every engine answers once for the check, which fails with the names of the line and of the
// engines when two answers differ; then once to warm up; then they take turns, one after the other, so that a
// machine that becomes slower does so for all of them. A turn begins with a run that does not count, for the
// caches that the engine before has filled, unless runs are so long that this does not matter. Then one run
// is timed, or of answers that take microseconds as many as fit a millisecond. Lines that write have turns of
// one run, come last, and are checked after their last run.
Result<std::vector<LineComparison>> compare_engines(std::span<const std::unique_ptr<Engine>> engines,
                                                    const ComparisonOptions& options);

// Whether the answers of two engines to a line are equal, as far as the line determines them. The error says
// what differs.
Result<void> agree(const Line& line, std::string_view one, const Answer& ones, std::string_view other,
                   const Answer& others);

}  // namespace slate::bench::compare
