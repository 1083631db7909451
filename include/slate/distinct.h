// The values that a field has: what a grid's filter menu shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <slate/explain.h>
#include <slate/query.h>
#include <slate/value.h>

namespace slate {

enum class DistinctOrder : std::uint8_t {
  kValue,  // ascending, null last
  kCount,  // most frequent first, then ascending
};

// Values are told apart as they are stored, and ordered by code point, whatever the field's collation.
struct DistinctQuery {
  std::string field;  // dotted path, or "_id"; of a list field, its elements
  std::optional<Filter> filter;
  DistinctOrder order = DistinctOrder::kValue;
  std::uint64_t take = 1000;  // the first so many of the order; 1 to 100,000
};

struct DistinctValue {
  Value value;              // null: the records without a value
  std::uint64_t count = 0;  // matching records that have it
};

struct DistinctValues {
  std::vector<DistinctValue> values;
  bool has_more = false;  // values remain behind these
  QueryCounters counters;
};

}  // namespace slate
