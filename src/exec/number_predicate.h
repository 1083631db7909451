// Conditions on columns of numbers: int, date, bool and float.
#pragma once

#include <cstdint>
#include <memory>

#include "exec/predicate.h"

namespace slate {

// `at` is the column's place in ResolvedBlock::columns; `filter` is a leaf, kRange or kIn, with integers.
std::unique_ptr<Predicate> compile_integer(const BoundFilter& filter, std::uint32_t at);
// The same with doubles.
std::unique_ptr<Predicate> compile_real(const BoundFilter& filter, std::uint32_t at);

}  // namespace slate
