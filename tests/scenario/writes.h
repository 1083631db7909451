// Records as scenarios write them: tables, lines of JSON, and rows made by a rule.
#pragma once

#include <span>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/record.h>

#include "scenario/script.h"

namespace slate::scenario {

// The records of a statement's body: a table with the column `_id`, or an object a line.
Result<std::vector<RecordWrite>> read_writes(const std::vector<Line>& body, const Datasource& datasource,
                                             WriteKind kind);
// `count` records from a table of one row, in whose cells `{i}`, `{i % 7}`, `{i / 10}` stand for numbers; i
// counts from 0.
Result<std::vector<RecordWrite>> generate_writes(const std::vector<Line>& body, const Datasource& datasource,
                                                 std::size_t count);

// Cells by the position of their field, entries of maps put together: what a bulk load takes.
// One record at a time.
class BulkCells {
 public:
  Result<void> assign(const Datasource& datasource, const RecordWrite& write);
  std::span<const CellRef> cells() const { return refs_; }

 private:
  std::vector<std::pair<std::uint32_t, Value>> values_;
  std::vector<CellRef> refs_;
};

}  // namespace slate::scenario
