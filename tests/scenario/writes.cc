#include "scenario/writes.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <type_traits>

#include "base/try.h"
#include "model/json.h"
#include "scenario/cells.h"

namespace slate::scenario {
namespace {

Result<RecordWrite> read_json_write(std::string_view line, WriteKind kind) {
  SLATE_TRY(const std::string text, expand(line));
  SLATE_TRY(const auto json, parse_json(text));
  const auto* object = json.if_object();
  const auto* id = object != nullptr ? object->if_contains("_id") : nullptr;
  if (id == nullptr || !id->is_string())
    return fail(Reason::kInvalidArgument, "expected an object with a string _id");
  SLATE_TRY(auto cells, cells_from_json(*object));
  return RecordWrite{.kind = kind,
                     .id = std::string(id->get_string().data(), id->get_string().size()),
                     .cells = std::move(cells)};
}

Result<RecordWrite> read_row(const std::vector<std::string>& header, const std::vector<std::string>& cells,
                             const Datasource& datasource, WriteKind kind) {
  RecordWrite write{.kind = kind};
  for (std::size_t i = 0; i < header.size(); ++i) {
    SLATE_TRY(Value value, read_cell(cells[i], find_field(datasource.fields, header[i])));
    if (header[i] != "_id") {
      write.cells.emplace_back(header[i], std::move(value));
    } else if (const auto* id = value.get_if<std::string>()) {
      write.id = *id;
    }
  }
  return write;
}

// "i", "i % 7" or "i / 10".
std::optional<std::uint64_t> evaluate(std::string_view formula, std::uint64_t i) {
  formula = trimmed(formula);
  if (!formula.starts_with('i')) return std::nullopt;
  formula = trimmed(formula.substr(1));
  if (formula.empty()) return i;
  std::uint64_t operand = 0;
  const std::string_view number = trimmed(formula.substr(1));
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), operand);
  if (problem != std::errc() || end != number.data() + number.size() || operand == 0) return std::nullopt;
  if (formula.front() == '%') return i % operand;
  if (formula.front() == '/') return i / operand;
  return std::nullopt;
}

Result<std::string> fill_in(std::string_view cell, std::uint64_t i) {
  std::string filled;
  for (;;) {
    const std::size_t begin = cell.find('{');
    filled += cell.substr(0, begin);
    if (begin == std::string_view::npos) return filled;
    const std::size_t end = cell.find('}', begin);
    const auto number =
        end == std::string_view::npos ? std::nullopt : evaluate(cell.substr(begin + 1, end - begin - 1), i);
    if (!number) return fail(Reason::kInvalidArgument, fmt::format("cannot read `{}`", cell));
    filled += std::to_string(*number);
    cell.remove_prefix(end + 1);
  }
}

// A reference to a value: scalars as themselves.
ValueRef ref_to(const Value& value) {
  return std::visit(
      [&]<typename T>(const T& held) -> ValueRef {
        if constexpr (std::is_same_v<T, std::string>)
          return std::string_view(held);
        else if constexpr (std::is_same_v<T, ListValue> || std::is_same_v<T, MapValue>)
          return &value;
        else
          return held;
      },
      value.variant());
}

// Puts a cell at the rest of its path into a map, and makes the maps on the way.
void put(MapValue& map, std::string_view path, const Value& value) {
  const std::string_view name = path.substr(0, path.find('.'));
  auto entry = std::ranges::find(map, name, &std::pair<std::string, Value>::first);
  if (entry == map.end()) entry = map.insert(entry, {std::string(name), Value()});
  if (name.size() == path.size()) {
    entry->second = value;
    return;
  }
  if (entry->second.get_if<MapValue>() == nullptr) entry->second = MapValue();
  put(*entry->second.get_if<MapValue>(), path.substr(name.size() + 1), value);
}

}  // namespace

Result<std::vector<RecordWrite>> read_writes(const std::vector<Line>& body, const Datasource& datasource,
                                             WriteKind kind) {
  std::vector<RecordWrite> writes;
  if (!body.empty() && body.front().text.starts_with('{')) {
    for (const Line& line : body) {
      SLATE_TRY(auto write, read_json_write(line.text, kind));
      writes.push_back(std::move(write));
    }
    return writes;
  }
  SLATE_TRY(const Table table, read_table(body));
  for (const Table::Row& row : table.rows) {
    SLATE_TRY(auto write, read_row(table.header, row.cells, datasource, kind));
    writes.push_back(std::move(write));
  }
  return writes;
}

Result<std::vector<RecordWrite>> generate_writes(const std::vector<Line>& body, const Datasource& datasource,
                                                 std::size_t count) {
  SLATE_TRY(const Table table, read_table(body));
  if (table.rows.size() != 1) return fail(Reason::kInvalidArgument, "expected a header and one row");
  std::vector<RecordWrite> writes;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> cells;
    for (const std::string& cell : table.rows.front().cells) {
      SLATE_TRY(std::string filled, fill_in(cell, i));
      cells.push_back(std::move(filled));
    }
    SLATE_TRY(auto write, read_row(table.header, cells, datasource, WriteKind::kReplace));
    writes.push_back(std::move(write));
  }
  return writes;
}

Result<void> BulkCells::assign(const Datasource& datasource, const RecordWrite& write) {
  values_.clear();
  refs_.clear();
  MapValue top;
  for (const auto& [path, value] : write.cells) put(top, path, value);
  for (auto& [name, value] : top) {
    const auto field = std::ranges::find(datasource.fields, name, &Field::name);
    if (field == datasource.fields.end()) return fail(Reason::kInvalidArgument, "no field " + name);
    values_.emplace_back(static_cast<std::uint32_t>(field - datasource.fields.begin()), std::move(value));
  }
  for (const auto& [field, value] : values_) refs_.push_back({.field = field, .value = ref_to(value)});
  return {};
}

}  // namespace slate::scenario
