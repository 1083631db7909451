#include "query/filter_fields.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/try.h"
#include "query/names.h"

namespace slate {
namespace {

std::size_t depth(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) return 0;
  std::size_t deepest = 0;
  for (const auto& child : filter.children) deepest = std::max(deepest, depth(child));
  return deepest + 1;
}

}  // namespace

std::size_t count_conditions(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) return 1;
  std::size_t count = 0;
  for (const auto& child : filter.children) count += count_conditions(child);
  return count;
}

Result<void> check_conditions(const Filter& filter) {
  if (const auto count = count_conditions(filter); count > FilterLimits::kConditions)
    return fail(Reason::kInvalidArgument,
                fmt::format("a filter has at most {} conditions, got {}", FilterLimits::kConditions, count));
  return {};
}

Result<void> check_limits(const Filter& filter) {
  SLATE_TRY(check_conditions(filter));
  if (const auto deepest = depth(filter); deepest > FilterLimits::kDepth)
    return fail(Reason::kInvalidArgument,
                fmt::format("groups nest at most {} deep, got {}", FilterLimits::kDepth, deepest));
  return {};
}

Result<void> require_fields_in_list(const Filter& filter, const ListView& list) {
  if (filter.kind == Filter::Kind::kCondition) return require_in_list(list, filter.field);
  for (const auto& child : filter.children) SLATE_TRY(require_fields_in_list(child, list));
  return {};
}

}  // namespace slate
