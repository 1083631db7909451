#include "scenario/expected.h"

#include <fmt/format.h>

#include "base/try.h"
#include "model/coerce.h"
#include "scenario/cells.h"

namespace slate::scenario {
namespace {

Result<std::string> expected_cell(std::string_view text, const Field& field) {
  SLATE_TRY(Value value, read_cell(text, &field));
  SLATE_TRY(value, coerce(std::move(value), field));
  return cell_text(value);
}

}  // namespace

Result<Rows> expected_rows(const std::vector<Line>& body, const Datasource& datasource) {
  Rows rows;
  if (body.empty()) return fail(Reason::kInvalidArgument, "nothing is expected of it");
  const std::string_view first = body.front().text;
  if (first == "no rows" || first == "ids" || first.starts_with("ids ")) {
    rows.push_back({"_id"});
    if (!first.starts_with("ids")) return rows;
    for (const Line& line : body) {
      const std::string_view text = line.text;
      const auto words = words_of(&line == &body.front() ? text.substr(3) : text);
      for (const std::string& id : words) rows.push_back({cell_text(Value(id))});
    }
    return rows;
  }
  SLATE_TRY(const Table table, read_table(body));
  rows.push_back(table.header);
  for (const Table::Row& row : table.rows) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Field* field = find_field(datasource.fields, table.header[i]);
      if (field == nullptr) return fail(Reason::kInvalidArgument, "no field " + table.header[i]);
      SLATE_TRY(std::string cell, expected_cell(row.cells[i], *field));
      cells.push_back(std::move(cell));
    }
  }
  return rows;
}

Result<Rows> expected_values(const std::vector<Line>& body, const Datasource& datasource,
                             const std::string& field) {
  Rows rows = {{field, "count"}};
  if (body.empty()) return fail(Reason::kInvalidArgument, "nothing is expected of it");
  if (body.front().text == "no values") return rows;
  SLATE_TRY(const Table table, read_table(body));
  const Field* found = find_field(datasource.fields, field);
  if (found != nullptr && found->type == Type::kList) found = &found->items.front();
  if (found == nullptr || table.header != rows.front())
    return fail(Reason::kInvalidArgument, fmt::format("expected a table of {} | count", field));
  for (const Table::Row& row : table.rows) {
    if (row.cells[0] == kMoreValues) {
      rows.push_back(row.cells);
      continue;
    }
    SLATE_TRY(std::string cell, expected_cell(row.cells[0], *found));
    rows.push_back({std::move(cell), row.cells[1]});
  }
  return rows;
}

}  // namespace slate::scenario
