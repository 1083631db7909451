// What becomes of a server that is asked for ten times what it can do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/net/latencies.h"
#include "bench/net/placement.h"

namespace slate::bench::network {

struct OverloadOptions {
  std::string slate;           // the program
  std::filesystem::path data;  // filled
  std::chrono::milliseconds duration{600'000};
  std::chrono::milliseconds capacity_run{5'000};
  double factor = 10;
  std::size_t connections = 6'000;
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;
  std::function<void(std::string_view)> progress;
};

struct OverloadResult {
  double capacity = 0;        // good answers a second, before
  double capacity_after = 0;  // and after
  double offered = 0;         // requests a second
  double good = 0;            // good answers a second
  std::chrono::duration<double> time{0};
  std::size_t connections = 0;
  std::uint64_t due = 0;
  std::uint64_t unsent = 0;
  std::map<int, std::uint64_t> answers;
  std::uint64_t late = 0;
  std::uint64_t broken = 0;
  std::uint64_t refused_connections = 0;
  Latencies latencies;  // of 200s
  std::uint64_t nuisance_connections = 0;
  std::map<int, std::uint64_t> nuisance_answers;
  std::uint64_t memory_limit = 0;
  std::uint64_t most_resident = 0;
  std::uint64_t most_anonymous = 0;
  double busy = 0;                    // of the load generator
  std::vector<std::string> problems;  // what must not be: a crash, and problems_of()

  // Of the answers that it can give, the share that it gave.
  double goodput() const { return capacity > 0 ? good / capacity : 0; }
};

// What must not be, as far as it is in the figures: other answers than 200 and clear refusals, connections
// that broke, no answers at all, memory beyond the limit. Goodput is not judged: it takes minutes on a
// machine that does nothing else.
std::vector<std::string> problems_of(const OverloadResult& result);

// `slate serve` without an answer cache, so that every request is work, with RLIMIT_DATA as its memory limit,
// and what is resident of it looked at all the time. Errors: only of what keeps it from being measured.
Result<OverloadResult> overload(const OverloadOptions& options, const Placement& placement);

}  // namespace slate::bench::network
