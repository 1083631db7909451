// Answers from the frequencies that a generation keeps of its columns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/frequencies.h"
#include "exec/generation_view.h"
#include "query/bound_query.h"

namespace slate {

// A column's frequencies; nothing when none are kept, they are damaged, or cells of the column expire.
std::optional<Frequencies> find_frequencies(const GenerationView& view, std::uint32_t column);

// Records of which the column is null; nothing as above. O(log columns).
std::optional<std::uint64_t> count_nulls(const GenerationView& view, std::uint32_t column);

// The values of a column, null among them, and how many of the records that satisfy the and-ed conditions
// have each; ascending by key. Nothing when frequencies cannot tell: the conditions are of other columns, are
// not ranges of values, or the values are too many. O(values of the column).
std::optional<std::vector<ValueCount>> list_values(const GenerationView& view, std::uint32_t column,
                                                   std::span<const BoundFilter> conjuncts);

// How many records satisfy a filter over one such column.
std::optional<std::uint64_t> count_values(const GenerationView& view, const BoundFilter& filter);

}  // namespace slate
