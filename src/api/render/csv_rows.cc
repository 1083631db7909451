#include "api/render/csv_rows.h"

#include <string_view>

#include "model/date.h"
#include "model/schema.h"

namespace slate::api {
namespace {

void append_text(TextAppender& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) return out.append(text);
  out.append('"');
  for (;;) {
    const auto quote = text.find('"');
    out.append(text.substr(0, quote));
    if (quote == std::string_view::npos) break;
    out.append("\"\"");
    text.remove_prefix(quote + 1);
  }
  out.append('"');
}

}  // namespace

CsvRows::CsvRows(std::span<const ResultColumn> columns, Int64Form form)
    : columns_(columns.begin(), columns.end()), form_(form) {
  for (std::uint32_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].field != kRecordIdPath) shown_.push_back(i);
}

void CsvRows::append_header(std::string& out) const {
  out += kRecordIdPath;
  for (const std::uint32_t column : shown_) {
    out += ',';
    out += columns_[column].field;
  }
  out += "\r\n";
}

void CsvRows::append_cell(TextAppender& out, const ColumnView& cells, std::size_t row,
                          const ResultColumn& column) {
  if (cells.is_null(row)) return;
  switch (column.type) {
    case Type::kString: return append_text(out, cells.text(row));
    case Type::kDate:
      return out.append_by([&](std::string& to) { append_date(to, Date{cells.integer(row)}); });
    case Type::kList:
      json_.clear();
      append_json_list(json_, cells.text(row), column.items.front(), form_);
      return append_text(out, json_);
    default:
      // No text is any number's form here: quotes would only be noise.
      return append_json_cell(out, cells, row, column, Int64Form::kNumber);
  }
}

void CsvRows::append(TextAppender& out, const Batch& batch, std::size_t position) {
  const std::size_t row = batch.rows[position];
  append_text(out, batch.id.text(row));
  for (const std::uint32_t column : shown_) {
    out.append(',');
    append_cell(out, batch.columns[column], row, columns_[column]);
  }
  out.append("\r\n");
}

}  // namespace slate::api
