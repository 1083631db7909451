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

// Of the lines that are not one query.
inline constexpr std::size_t kGets = 1'000;
inline constexpr std::size_t kUpdates = 1'000;
inline constexpr std::size_t kInsertTransactions = 10;

// What one run of a query line comes to.
struct Outcome {
  std::uint64_t rows = 0;
  std::uint64_t folded =
      0;  // over the cells read, as read_cells() does; the same in whatever order they come
  std::optional<QueryCounters> counters{};
};
// One run of one of workload_queries(): reads all of its answer. `ids` are what Q14 gets.
Result<Outcome> run_line(Snapshot& snapshot, const WorkloadQuery& line, std::span<const std::string> ids);
// LOAD: the workload becomes the next generation of the datasource.
Result<void> load(Database& database, std::string_view datasource, const Workload& workload);

// The middle of an odd number, the mean of the middle two of an even one. REQUIRES: not empty.
double median(std::vector<double> times);

// Reads every cell of a batch, column by column, and folds what it finds into a number: an int, date or bool
// by its value, a string by fold_text().
std::uint64_t read_cells(const Batch& batch);
// Length, first and last byte.
inline std::uint64_t fold_text(std::string_view text) {
  if (text.empty()) return 0;
  return text.size() + static_cast<unsigned char>(text.front()) + static_cast<unsigned char>(text.back());
}

}  // namespace slate::bench
