// Conditions on string columns, and on lists by their elements.
#pragma once

#include <cstdint>
#include <memory>

#include "exec/predicate.h"
#include "model/schema.h"

namespace slate {

// `at` is the column's place in ResolvedBlock::columns; `filter` is a leaf: kRange, kIn or kText.
std::unique_ptr<Predicate> compile_text(const BoundFilter& filter, std::uint32_t at);
// The same for a list: it holds when it does of some element.
std::unique_ptr<Predicate> compile_element(const BoundFilter& filter, std::uint32_t at, Type element);
// Null, an empty text or an empty list.
std::unique_ptr<Predicate> compile_empty(std::uint32_t at, Type type);

}  // namespace slate
