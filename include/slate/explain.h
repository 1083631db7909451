// How a query is, or was, answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slate {

// What a query touched. Deterministic for one snapshot, which is why tests assert these and not times.
struct QueryCounters {
  std::uint64_t keys_examined = 0;    // index entries read
  std::uint64_t blocks_examined = 0;  // blocks of which some column was read
  std::uint64_t blocks_skipped = 0;   // blocks that the bounds of their columns ruled out
  std::uint64_t rows_examined = 0;    // rows for which a predicate, a sort key or an output cell was read
  std::uint64_t rows_returned = 0;
  std::uint64_t runs_spilled = 0;  // sorted runs written to a temporary file, for want of memory
};

// A step of the plan. Children feed their parent.
struct PlanNode {
  std::string op;      // "index_walk", "scan", "filter", "top_k", ...: docs/planner.md
  std::string detail;  // e.g. "contacts_count desc, backwards"
  std::optional<double> estimated_rows;
  std::vector<PlanNode> children;
};

// A way the planner could have gone, and why it did not.
struct RefusedPlan {
  std::string detail;
  double cost = 0;
  std::string why;
};

struct Explanation {
  PlanNode root;
  std::string rule;  // that the plan comes from: "index_sort", ..., "scan"
  double cost = 0;   // estimated, in nanoseconds of the machine that prices were measured on
  std::vector<RefusedPlan> refused;
  std::optional<QueryCounters> actual;  // only when the query was run
  std::optional<double> milliseconds;   // only when the query was run
};

enum class ExplainMode : std::uint8_t { kPlan, kAnalyze };

}  // namespace slate
