#include <slate/result_set.h>
#include <slate/snapshot.h>

#include "base/try.h"

namespace slate {
namespace {

// Puts a leaf into nested maps along its path.
void place(std::vector<std::pair<std::string, Value>>& cells, std::string_view path, Value value) {
  const auto dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  if (dot == std::string_view::npos) {
    cells.emplace_back(std::string(name), std::move(value));
    return;
  }
  for (auto& [existing, cell] : cells) {
    if (existing != name) continue;
    if (auto* map = cell.get_if<MapValue>()) return place(*map, path.substr(dot + 1), std::move(value));
  }
  MapValue map;
  place(map, path.substr(dot + 1), std::move(value));
  cells.emplace_back(std::string(name), Value(std::move(map)));
}

}  // namespace

Record to_record(const std::vector<ResultColumn>& columns, const Batch& batch, std::size_t position) {
  const std::uint16_t row = batch.rows[position];
  Record record;
  record.id = std::string(batch.id.text(row));
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!batch.columns[i].is_null(row)) place(record.cells, columns[i].field, batch.columns[i].value(row));
  return record;
}

Result<std::optional<Record>> Snapshot::get(std::string_view id) {
  SLATE_TRY(const Batch* batch, find(id));
  if (batch == nullptr) return std::nullopt;
  return to_record(columns(), *batch, 0);
}

}  // namespace slate
