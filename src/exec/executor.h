// Runs plans.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <slate/options.h>
#include <slate/result_set.h>
#include <slate/snapshot.h>

#include "exec/generation_view.h"
#include "plan/plan.h"

namespace slate {

// The rows of a plan. `keep_alive` is held until the result set goes: it owns the view and what that
// points at.
Result<std::unique_ptr<ResultSet>> execute(Plan plan, const GenerationView& view, const QueryOptions& options,
                                           std::shared_ptr<const void> keep_alive);

// How many rows the filter of a count plan lets through, counting at most its limit. From indexes alone where
// the plan is covered: then no row is examined.
Result<Count> execute_count(Plan plan, const GenerationView& view, const QueryOptions& options);

}  // namespace slate
