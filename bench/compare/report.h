// What the comparison prints.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/compare/comparison.h"

namespace slate::bench::compare {

struct Header {
  std::string cpu;
  unsigned cores = 1;
  std::string kernel;
  double load = 0;                   // load_average() before the first run: others that were busy show
  std::vector<std::string> engines;  // a line each: version and setting, or "DuckDB: skipped, <why>"
  std::size_t repeat = 0;
};

struct RecordsComparison {
  std::size_t records = 0;
  std::vector<LineComparison> lines;
};

// Goals are those at 100,000 records; tables of other numbers have none.
inline constexpr std::size_t kGoalRecords = 100'000;

std::string table_report(const Header& header, std::span<const RecordsComparison> results);
std::string markdown_report(const Header& header, std::span<const RecordsComparison> results);
// {"cpu","cores","kernel","load","engines":[],"repeat","runs":[{"records","lines":[{"name","what","rows","goal_ms"?,
// "goal_compound_ms"?,"peer_to_slate"?,"engines":[{"engine","setup","role","median_ms","min_ms","runs"}]}]}]}
std::string json_report(const Header& header, std::span<const RecordsComparison> results);

}  // namespace slate::bench::compare
