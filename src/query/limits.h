// What bounds a query beyond FilterLimits, which bound what one caller sends.
#pragma once

#include <cstddef>
#include <cstdint>

#include <slate/query.h>

namespace slate {

// A bound filter may be two put together: a list's own and the one that a request narrows it by, under one
// `and` that neither of them has.
inline constexpr std::size_t kBoundConditions = 2 * FilterLimits::kConditions;
inline constexpr std::size_t kBoundDepth = FilterLimits::kDepth + 1;
inline constexpr std::size_t kBoundGroups = kBoundConditions * kBoundDepth;

// More rows than any datasource can hold. `skip` and `take` are bound to it, so that skip + take + 1 is
// always a number.
inline constexpr std::uint64_t kMostRows = std::uint64_t{1} << 62;

// One value of a URL parameter. The header of an HTTP request is smaller.
inline constexpr std::size_t kUrlValueBytes = 64u << 10;
// One name of a URL parameter: longer than any path and operator.
inline constexpr std::size_t kUrlNameBytes = 1024;

inline constexpr std::uint32_t kMostPageSize = 10000;

// Distinct values of one answer.
inline constexpr std::uint64_t kMostDistinct = 100'000;

}  // namespace slate
