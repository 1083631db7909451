// What can be set when a database is opened, and for one query. Every default is safe and right for most.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <slate/clock.h>

namespace slate {

struct DatabaseOptions {
  // The data folder; created when missing. One process at a time may have it open.
  std::filesystem::path path;
  // The wall clock for TTLs and load times. Must outlive the database.
  const Clock* clock = &system_clock();
  // Address space reserved for one generation's file, in bytes: the most that one datasource can hold.
  // Costs nothing until used. A multiple of the page size.
  std::uint64_t generation_map_bytes = std::uint64_t{64} << 30;
  // Address space reserved for the catalog.
  std::uint64_t catalog_map_bytes = std::uint64_t{256} << 20;
  // Memory that a bulk load may use beyond the store, in bytes; index keys beyond it spill to files.
  std::uint64_t load_memory_bytes = std::uint64_t{48} << 20;
  // Rows of a segment: a power of two from 64 to 1,024. Applies to generations made from now on.
  std::uint32_t segment_rows = 256;
  // Threads that help the filtering of large scans, while cores are idle: fewer queries run than the machine
  // has cores. Absent: one less than its cores. At most 256. 0: a query runs on its caller's thread alone.
  std::optional<unsigned> scan_helpers{};
  // How often `os` durability is synced in the background. Zero: never (the operating system decides).
  std::chrono::milliseconds background_sync{1000};
  // How often expired cells are swept. Zero: never (they read as null all the same).
  std::chrono::milliseconds sweep_interval{60'000};
};

// Names of the planner's rules, for `disabled_rules` and `force_rule`: "index_filter", "index_sort",
// "in_merge", "union", "intersection", "covered", "zone_maps", "limit_pushdown", "top_k", "parallel_scan"
// (docs/planner.md).
struct QueryOptions {
  // When to give up, with deadline_exceeded; checked between blocks, and once in 16,384 rows that are sorted
  // or merged.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  // Stops the query, with cancelled; checked as the deadline is.
  std::stop_token stop;
  // Memory, in bytes, that a sort may use for its keys: beyond it they go to a temporary file in the data
  // folder as sorted runs, and the answer is the same. By default about 800,000 rows of short keys are sorted
  // without one. Reading the runs again takes 64 KiB at least; rows on their way out take up to 20 MiB beside
  // it. The values of Snapshot::distinct() in the order of counts may take as much; beyond it that fails with
  // quota_exceeded.
  std::uint64_t memory_bytes = std::uint64_t{64} << 20;
  // Rows that the query may look at; beyond it fails with quota_exceeded. Absent: no limit.
  std::optional<std::uint64_t> max_rows_examined{};
  // Rules of the planner not to use. Answers never change, only the way to them.
  std::vector<std::string> disabled_rules;
  // The index to walk, by name ("contacts_count", "_id"): for tests and measurements. invalid_argument if
  // there is none of that name; ignored by queries that it cannot serve.
  std::optional<std::string> force_index;
  // A plan made by this rule, or "scan", where there is one: for tests and measurements. invalid_argument for
  // an unknown name.
  std::optional<std::string> force_rule;
};

}  // namespace slate
