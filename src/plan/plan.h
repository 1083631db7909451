// A query's plan: how its rows are reached, filtered and put in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <slate/explain.h>

#include "model/schema.h"
#include "query/bound_query.h"

namespace slate {

// Entries of an index, by its first component: all nulls, or the values between two bounds (an absent bound
// is open).
struct ValueRange {
  enum class Kind : std::uint8_t { kValues, kNulls };
  Kind kind = Kind::kValues;
  std::optional<Bound> lower;
  std::optional<Bound> upper;

  bool is_single_value() const { return kind == Kind::kNulls || (lower && upper && *lower == *upper); }
  bool operator==(const ValueRange&) const = default;
};

// Every segment, in order of arrival.
struct SegmentScan {
  bool operator==(const SegmentScan&) const = default;
};

enum class WalkOrder : std::uint8_t {
  kAscending,   // values rise along the walk
  kDescending,  // values fall
};

// Part of an index. `ranges` are walked one after the other, each in `order`.
struct IndexWalk {
  std::uint32_t index = 0;  // position in Schema::indexes
  std::vector<ValueRange> ranges;
  WalkOrder order = WalkOrder::kAscending;
  bool operator==(const IndexWalk&) const = default;
};

enum class Ordering : std::uint8_t {
  kArrival,       // rows come out by docid: a scan does that, a walk of one value too
  kSortedDocids,  // an index walk's rows are put back into order of arrival before they are read
  kIndex,         // the walk's order is the order asked for; later sort keys order groups of equal values
  kTopK,          // a heap of the first skip + take rows
  kFullSort,      // all rows are sorted
};

struct Plan {
  std::variant<SegmentScan, IndexWalk> access;
  BoundFilter filter;    // the whole filter
  BoundFilter residual;  // what the access does not settle; the whole filter for a scan
  Ordering ordering = Ordering::kArrival;
  std::vector<BoundSortKey> sort;
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> take;
  std::vector<std::uint32_t> columns;
  double estimated_matches = 0;  // rows that pass the filter
  double cost = 0;
  std::vector<RefusedPlan> refused;
};

// The plan as a tree, with names instead of positions.
Explanation explain_plan(const Plan& plan, const Schema& schema);
// "contacts_count", with its ranges and order: how a walk is named in explanations.
std::string describe_walk(const IndexWalk& walk, const Schema& schema);
// "status = active and not (notes is null)", shortened when long.
std::string describe_filter(const BoundFilter& filter, const Schema& schema);

}  // namespace slate
