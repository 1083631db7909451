// Filters and sorts inside other JSON: their errors carry the whole path. Private to this room.
#pragma once

#include <vector>

#include <slate/query.h>

#include "model/json_read.h"

namespace slate {

Result<Filter> read_filter(const JsonNode& node);
Result<std::vector<SortKey>> read_sort(const JsonNode& node);

// "asc" and "desc".
Result<Direction> read_direction(const JsonNode& node);
std::string_view direction_word(Direction direction);

}  // namespace slate
