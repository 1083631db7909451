// A query's plan: how its rows are reached, filtered and put in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <slate/explain.h>

#include "model/schema.h"
#include "query/bound_query.h"

namespace slate {

// Some values of one component of an index: all nulls, or the values between two bounds (an absent bound is
// open).
struct ValueRange {
  enum class Kind : std::uint8_t { kValues, kNulls };
  Kind kind = Kind::kValues;
  std::optional<Bound> lower;
  std::optional<Bound> upper;

  bool is_single_value() const { return kind == Kind::kNulls || (lower && upper && *lower == *upper); }
  bool operator==(const ValueRange&) const = default;
};

// A stretch of an index: entries whose first components are these, and whose next one lies in `next`.
struct IndexRange {
  std::vector<std::optional<Scalar>> prefix;  // nothing: null
  std::optional<ValueRange> next;             // absent: anything, nulls included

  // Whether all of its entries have one key.
  bool is_single_key(const Index& index) const { return !next && prefix.size() == index.components.size(); }
  bool operator==(const IndexRange&) const = default;
};

enum class WalkDirection : std::uint8_t { kForwards, kBackwards };  // over keys

// Part of an index: `ranges` one after the other, each in `direction`.
struct IndexWalk {
  std::uint32_t index = 0;  // position in Schema::indexes
  std::vector<IndexRange> ranges;
  WalkDirection direction = WalkDirection::kForwards;
  // Above 0: ranges that differ in this many first components are walked side by side, and their entries
  // merged by what follows.
  std::uint32_t merged_components = 0;
  bool operator==(const IndexWalk&) const = default;
};

// Docids, each once, in order of arrival: those that a walk finds, that any input has, or that all inputs
// have.
struct DocidSet {
  enum class Kind : std::uint8_t { kWalk, kUnion, kIntersection };
  Kind kind = Kind::kWalk;
  IndexWalk walk;                // kWalk
  std::vector<DocidSet> inputs;  // kUnion, kIntersection: at least two
  double estimated_rows = 0;
};

// Every segment, in order of arrival.
struct SegmentScan {
  bool skips_segments = true;  // those that the bounds of their columns rule out
  bool is_parallel = false;    // other cores filter segments, too, when they are idle
};

enum class Ordering : std::uint8_t {
  kArrival,   // rows come out by docid: a scan and a set do that, a walk of one key too
  kIndex,     // the walk's order is the order asked for
  kTopK,      // a heap of the first skip + take rows
  kFullSort,  // all rows are sorted
};

struct Plan {
  std::string_view rule;  // that made it, by its name in planner_rules(); "scan" for the scan
  std::variant<SegmentScan, IndexWalk, DocidSet> access;
  BoundFilter filter;    // the whole filter
  BoundFilter residual;  // what the access does not settle; the whole filter for a scan
  Ordering ordering = Ordering::kArrival;
  std::vector<BoundSortKey>
      sort;  // in the direction of the walk: turned round when the page is a previous one
  std::vector<BoundSortKey> asked_sort;  // as the query has it
  // kIndex: entries that agree in this many leading components are one group. Within a group rows are put in
  // order by what follows the first `sorted_keys` sort keys, then docid; groups of one key need no such work
  // when no sort key is left.
  std::uint32_t group_components = 0;
  std::uint32_t sorted_keys = 0;
  std::optional<Position> after;  // only rows behind this place, in the direction of the walk
  PageDirection page = PageDirection::kNext;
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> take;
  std::vector<std::uint32_t> columns;
  bool covered = false;           // a count that the index answers by itself
  double estimated_matches = 0;   // rows that pass the filter
  double estimated_examined = 0;  // rows that are looked at
  double cost = 0;
  std::vector<RefusedPlan> refused;
};

// The plan as a tree, with names instead of positions.
Explanation explain_plan(const Plan& plan, const Schema& schema);
// "index contacts_count: all values, forwards", "scan", "union of ...": how a way to rows is named.
std::string describe_access(const Plan& plan, const Schema& schema);
// "status = active and not (notes is null)", shortened when long.
std::string describe_filter(const BoundFilter& filter, const Schema& schema);

}  // namespace slate
