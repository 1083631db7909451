#include "records.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "csv.h"

namespace file_loader {
namespace {

namespace json = boost::json;
using slate::loader::FieldValue;
using slate::loader::LoadResponse;
using Problem = std::unexpected<std::string>;

Problem at_line(std::size_t line, const std::string& what) {
  return Problem("line " + std::to_string(line) + ": " + what);
}

struct Column {
  std::string name;
  std::optional<ColumnType> type;  // absent: no cell of it has text
};

// One pass over the whole file, so that a column has one type from the first row on.
std::expected<void, std::string> guess_types(std::istream& input, const ColumnTypes& given,
                                             std::vector<Column>& columns) {
  CsvReader reader(input);
  std::vector<std::string> cells;
  bool header = true;
  for (;;) {
    const auto more = reader.read(cells);
    if (!more) return Problem(more.error());
    if (!*more) return {};
    if (std::exchange(header, false)) continue;
    for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i) {
      if (cells[i].empty() || given.contains(columns[i].name)) continue;
      const ColumnType guess = guess_type(cells[i]);
      columns[i].type = columns[i].type ? common_type(*columns[i].type, guess) : guess;
    }
  }
}

std::expected<void, std::string> read_csv(std::istream& input, const FileOptions& options, const Emit& emit) {
  std::vector<Column> columns;
  std::vector<std::string> cells;
  {
    CsvReader header(input);
    const auto found = header.read(cells);
    if (!found) return Problem(found.error());
    if (!*found) return Problem("the file is empty: a header line with the column names is expected");
    for (const std::string& name : cells) {
      const auto given = options.types.find(name);
      columns.push_back({name, given == options.types.end() ? std::nullopt : std::optional(given->second)});
    }
  }
  const auto is_id = [&](const Column& column) { return column.name == options.id_column; };
  const auto id = static_cast<std::size_t>(std::ranges::find_if(columns, is_id) - columns.begin());
  if (id == columns.size()) return Problem("no column \"" + options.id_column + "\" for the record ids");

  input.clear();
  input.seekg(0);
  if (auto guessed = guess_types(input, options.types, columns); !guessed) return guessed;
  input.clear();
  input.seekg(0);

  CsvReader reader(input);
  LoadResponse row;
  for (bool header = true;; header = false) {
    const auto more = reader.read(cells);
    if (!more) return Problem(more.error());
    if (!*more) return {};
    if (header) continue;
    if (cells.size() != columns.size())
      return at_line(reader.line(), "expected " + std::to_string(columns.size()) + " cells, got " +
                                        std::to_string(cells.size()));
    if (cells[id].empty()) return at_line(reader.line(), "the record id is empty");
    row.Clear();
    row.set_record_id(cells[id]);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i == id) continue;
      auto value = to_value(cells[i], columns[i].type.value_or(ColumnType::kString));
      if (!value) return at_line(reader.line(), columns[i].name + ": " + value.error());
      (*row.mutable_fields())[columns[i].name] = *std::move(value);
    }
    if (!emit(row)) return {};
  }
}

// Recursion is bounded by the JSON parser's own limit of depth.
std::expected<FieldValue, std::string> json_value(const json::value& from, std::optional<ColumnType> type) {
  if (type && from.is_string()) return to_value(from.get_string(), *type);
  if (type && *type != ColumnType::kBool && from.is_number()) return to_value(json::serialize(from), *type);
  FieldValue value;
  switch (from.kind()) {
    case json::kind::null: break;
    case json::kind::bool_: value.set_bool_value(from.get_bool()); break;
    case json::kind::int64: value.set_int_value(from.get_int64()); break;
    case json::kind::uint64: return Problem("a whole number beyond 64 bits with a sign");
    case json::kind::double_: value.set_float_value(from.get_double()); break;
    case json::kind::string: value.set_string_value(std::string(from.get_string())); break;
    case json::kind::array:
      value.mutable_list_value();
      for (const json::value& element : from.get_array()) {
        auto inner = json_value(element, type);
        if (!inner) return inner;
        *value.mutable_list_value()->add_values() = *std::move(inner);
      }
      break;
    case json::kind::object:
      value.mutable_map_value();
      for (const auto& [name, entry] : from.get_object()) {
        auto inner = json_value(entry, std::nullopt);
        if (!inner) return inner;
        (*value.mutable_map_value()->mutable_entries())[std::string(name)] = *std::move(inner);
      }
      break;
  }
  return value;
}

std::expected<void, std::string> read_ndjson(std::istream& input, const FileOptions& options,
                                             const Emit& emit) {
  std::string text;
  LoadResponse row;
  for (std::size_t line = 1; std::getline(input, text); ++line) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    boost::system::error_code problem;
    const json::value parsed = json::parse(text, problem);
    if (problem) return at_line(line, "not JSON: " + problem.message());
    if (!parsed.is_object()) return at_line(line, "expected an object");
    const json::value* id = parsed.get_object().if_contains(options.id_column);
    if (id == nullptr || !(id->is_string() || id->is_int64()))
      return at_line(line, "expected a string or a whole number as \"" + options.id_column + "\"");
    row.Clear();
    row.set_record_id(id->is_string() ? std::string(id->get_string()) : std::to_string(id->get_int64()));
    if (row.record_id().empty()) return at_line(line, "the record id is empty");
    for (const auto& [name, cell] : parsed.get_object()) {
      if (name == options.id_column) continue;
      const auto given = options.types.find(std::string_view(name));
      auto value =
          json_value(cell, given == options.types.end() ? std::nullopt : std::optional(given->second));
      if (!value) return at_line(line, std::string(name) + ": " + value.error());
      (*row.mutable_fields())[std::string(name)] = *std::move(value);
    }
    if (!emit(row)) return {};
  }
  return {};
}

}  // namespace

std::expected<void, std::string> read_records(std::istream& input, const FileOptions& options,
                                              const Emit& emit) {
  return options.format == Format::kCsv ? read_csv(input, options, emit) : read_ndjson(input, options, emit);
}

std::expected<void, std::string> read_records(const FileOptions& options, const Emit& emit) {
  std::error_code ignored;
  std::ifstream file(options.path, std::ios::binary);
  if (!file || std::filesystem::is_directory(options.path, ignored))
    return Problem("cannot read " + options.path.string());
  auto result = read_records(file, options, emit);
  if (result && file.bad()) return Problem("cannot read " + options.path.string() + " to its end");
  return result;
}

}  // namespace file_loader
