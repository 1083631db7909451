// Runs workload W on a database and takes its times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/database.h>
#include <slate/error.h>

#include "bench/workload.h"

namespace slate::bench {

struct RunOptions {
  std::filesystem::path folder;      // of databases that come and go; must exist
  std::size_t records = 100'000;     // at least 10
  std::vector<std::string> lines{};  // names of line_names(); empty: all
  std::size_t repeat = 9;            // timed runs of a query; of INS, LOAD and UPD at most 3
  // Told what comes next, for people who wait.
  std::function<void(std::string_view)> progress{};
};

// One line of the table.
struct LineResult {
  std::string name;
  std::string what;
  double median_ms = 0;
  double least_ms = 0;
  std::size_t runs = 0;
  std::optional<QueryCounters> counters{};  // of one run, the same each time; lines that write have none
  std::uint64_t rows = 0;                   // returned, counted or written
};

struct RunResult {
  std::size_t records = 0;
  std::vector<LineResult> lines;
  std::uint64_t file_bytes = 0;      // of the live generation, both indexes included
  std::uint64_t resident_bytes = 0;  // of this process after the queries, mapped pages of the store included
  std::uint64_t private_bytes = 0;   // of them, memory of its own: the prepared records, too
};

// "Q1" ... "Q18", "INS", "LOAD", "UPD": the order in which they are reported.
const std::vector<std::string>& line_names();

// Loads N records, runs each line once to warm up and then `repeat` times. INS and UPD are acknowledged as
// `os` durability asks. Errors: those of the database.
Result<RunResult> run_workload(const RunOptions& options);

// Reads every cell of a batch, column by column, and folds what it finds into a number: an int, date or bool
// by its value, a string by its length, first and last byte.
std::uint64_t read_cells(const Batch& batch);

}  // namespace slate::bench
