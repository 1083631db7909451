// Cells and tables as scenarios write them: README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/value.h>

#include "scenario/script.h"

namespace slate::scenario {

// One past the quote that closes the JSON string beginning at `begin`, or the end of the text.
std::size_t quoted_end(std::string_view text, std::size_t begin);

// `"abc"`, `"a" * 600`, `"a" * 600 + "b"`.
Result<std::string> evaluate_string(std::string_view expression);
// `text` with every `$("a" * 600)` replaced by what it says.
Result<std::string> expand(std::string_view text);

// A cell: `null`, a string in quotes, JSON, or for a string or date the bare text. Without a type the first
// of these that fits.
Result<Value> read_cell(std::string_view text, const Field* field);
// What read_cell() reads, in the one form that is compared.
std::string cell_text(const Value& value);

struct Table {
  struct Row {
    int line = 0;
    std::vector<std::string> cells;
  };
  std::vector<std::string> header;
  std::vector<Row> rows;
};

// Cells between `|`; the first line is the header, and all rows have as many cells.
Result<Table> read_table(const std::vector<Line>& lines);
// The cells of a table in columns.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

// The field, however deep, that a dotted path leads to; `_id` is a string. Null when there is none.
const Field* find_field(const std::vector<Field>& fields, std::string_view path);

}  // namespace slate::scenario
