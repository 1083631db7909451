// Writes checked and taken apart into columns, before any transaction is begun.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <slate/error.h>
#include <slate/record.h>

#include "model/schema.h"

namespace slate {

// A leaf's new value in the form its column stores; null removes it.
struct PreparedCell {
  std::uint32_t column = 0;  // position in Schema::columns
  Value value;
};

struct PreparedWrite {
  WriteKind kind = WriteKind::kMerge;
  std::string id;
  std::vector<PreparedCell> cells;  // no column twice: the last mention counts
  std::size_t bytes = 0;            // of the id and its texts
};

// invalid_argument naming record and field: an id out of bounds, an unknown field, a wrong type, a record too
// large. A map replaces all of its leaves; a dotted path names one.
Result<PreparedWrite> prepare(const RecordWrite& write, const Schema& schema);
Result<std::vector<PreparedWrite>> prepare(std::span<const RecordWrite> writes, const Schema& schema);

// The error for a record's field, as every way of writing gives it.
Error cell_error(std::string_view record_id, std::string_view field, const Error& cause);

}  // namespace slate
