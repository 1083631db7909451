// Rows as CSV: RFC 4180, UTF-8 without a byte order mark, lines that end in CR LF.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <slate/batch.h>
#include <slate/result_set.h>

#include "api/render/cell_text.h"

namespace slate::api {

// The header names `_id` and the columns' dotted paths: a map is its leaves. Null is an empty cell and the
// empty string is "", so that they stay apart. Lists are JSON text. Numbers, dates and bools are as in JSON.
// Cells are given as they are: a text that begins with =, +, - or @ is what a spreadsheet takes for a
// formula, and whoever opens the file in one must tell it that the columns are text.
class CsvRows {
 public:
  CsvRows(std::span<const ResultColumn> columns, Int64Form form);

  void append_header(std::string& out) const;
  // One line for the row at `position` of the batch. Not from two threads at once: it uses a buffer.
  void append(TextAppender& out, const Batch& batch, std::size_t position);

 private:
  void append_cell(TextAppender& out, const ColumnView& cells, std::size_t row, const ResultColumn& column);

  std::vector<ResultColumn> columns_;
  std::vector<std::uint32_t> shown_;  // positions in columns_: all but `_id`, which comes first anyway
  Int64Form form_;
  std::string json_;
};

}  // namespace slate::api
