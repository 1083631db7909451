// Ranges of an index as stretches of its keys.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <slate/batch.h>

#include "codec/key.h"
#include "model/schema.h"
#include "plan/plan.h"

namespace slate {

// Keys from `begin` on, before `end` (absent: to the end of the index). Where a bound had to be cut the
// stretch holds a little more than the range; entries under long keys are settled against their records.
struct KeyRange {
  std::string begin;
  std::optional<std::string> end;
  bool contains(std::string_view key) const { return key >= begin && (!end || key < *end); }
  bool overlaps(const KeyRange& other) const {
    return (!other.end || begin < *other.end) && (!end || other.begin < *end);
  }
  void widen(const KeyRange& other) {
    begin = std::min(begin, other.begin);
    end = end && other.end ? std::optional(std::max(*end, *other.end)) : std::nullopt;
  }
};

KeyRange key_range(const IndexRange& range, const Index& index);
// Adds a constant of a query, or null, to a key. Its text is folded already where the column's are.
void add_scalar(KeyBuilder& key, const std::optional<Scalar>& value, Direction direction);
// Adds a text as it is stored to a key: folded where the component's keys are.
void add_text(KeyBuilder& key, std::string_view text, const IndexComponent& component);
// Adds a row's cell to a key.
void add_cell(KeyBuilder& key, const ColumnView& column, std::size_t row, const IndexComponent& component);

}  // namespace slate
