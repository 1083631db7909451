// Measures what the steps of a plan cost on this machine, next to the prices that the planner uses.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

namespace slate::bench {

// With fewer records a step drowns in the cost of a query.
inline constexpr std::size_t kLeastCalibrated = 10'000;

struct CalibrateOptions {
  std::filesystem::path folder;   // of databases that come and go; must exist
  std::size_t records = 100'000;  // at least kLeastCalibrated
  std::size_t repeat = 9;         // timed runs of each query
  // Told what comes next, for people who wait.
  std::function<void(std::string_view)> progress{};
};

// A constant of plan/cost.h.
struct Price {
  std::string name;
  std::string what;        // what the step does
  double used_ns = 0;      // by the planner
  double measured_ns = 0;  // from medians of whole queries; small ones are uncertain
};

// Runs queries with forced plans over workload W, each chosen so that one step is most of its time, and
// solves for the price of that step. Errors: those of the database.
Result<std::vector<Price>> calibrate(const CalibrateOptions& options);

}  // namespace slate::bench
