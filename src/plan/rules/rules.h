// The planner's rules: each adds the plans that it can think of, with their costs.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <slate/options.h>

#include "model/schema.h"
#include "plan/plan.h"
#include "plan/settle.h"
#include "plan/statistics.h"
#include "query/bound_query.h"

namespace slate {

enum class Purpose : std::uint8_t {
  kRows,   // rows are put out
  kCount,  // they are only counted
};

// One query on its way to a plan: what every rule looks at.
struct Planning {
  const BoundQuery& query;  // without sort keys that the filter fixes; turned round for a previous page
  const Schema& schema;
  const Statistics& statistics;
  const QueryOptions& options;
  Purpose purpose = Purpose::kRows;
  std::span<const BoundFilter> conjuncts;  // of the filter
  double rows = 0;                         // stored
  double segments = 0;
  double matches = 0;  // rows that pass the filter
  double wanted = 0;   // of them, those that a plan looks for before it stops

  bool is_on(std::string_view rule) const;
  Plan base_plan(std::string_view rule) const;
  // Rows to look at until `wanted` of them have matched, when matches are spread evenly over `among` rows.
  double examined(double among) const;
  // Puts rows that come in another order into the one asked for, and prices it.
  double order_rows(Plan& plan) const;
  // A set of docids as a plan: those of its rows that pass `rest`, put in order. `cost` is that of the set.
  Plan set_plan(std::string_view rule, DocidSet set, BoundFilter rest, double cost) const;
};

// A set that an index, or several, find for a condition.
struct PricedSet {
  DocidSet set;
  ConjunctSet settled;  // conjuncts that need not be checked any more
  double cost = 0;      // of finding it
  double keys = 0;      // of a walk: distinct keys on the way
};
// What one index settles of some conjuncts, as a set. Nothing when it settles nothing.
std::optional<PricedSet> walk_set(const Planning& planning, std::span<const BoundFilter> conjuncts,
                                  std::uint32_t index);
// The set of an `or`, each branch of which some index settles whole or in part. `settled` has one member:
// whether the whole `or` needs no further check.
std::optional<PricedSet> union_set(const Planning& planning, const BoundFilter& condition);

void add_scan(const Planning& planning, std::vector<Plan>& candidates);
void add_index_filters(const Planning& planning, std::vector<Plan>& candidates);
void add_index_sorts(const Planning& planning, std::vector<Plan>& candidates);
void add_unions(const Planning& planning, std::vector<Plan>& candidates);
void add_intersections(const Planning& planning, std::vector<Plan>& candidates);

}  // namespace slate
