// What a filter is made of, before it is bound.
#pragma once

#include <cstddef>

#include <slate/error.h>
#include <slate/list_view.h>
#include <slate/query.h>

namespace slate {

// O(filter).
std::size_t count_conditions(const Filter& filter);
// FilterLimits::kConditions. invalid_argument without a field.
Result<void> check_conditions(const Filter& filter);
// That and kDepth; those of values are checked when the filter is bound.
// invalid_argument without a field.
Result<void> check_limits(const Filter& filter);
// The first condition on a field that the list does not show: invalid_argument, as require_in_list().
Result<void> require_fields_in_list(const Filter& filter, const ListView& list);

}  // namespace slate
