#include "model/csv_record.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "base/try.h"
#include "model/coerce.h"
#include "model/json.h"
#include "model/name.h"

namespace slate {
namespace {

namespace json = boost::json;

// With its place in front, and its field.
Error at(std::size_t line, const Column& column, const Error& error) {
  return Error(error.reason(), fmt::format("line {}: {}", line, error.message())).with_field(column.path);
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Failure expected(std::string_view what) {
  return fail(Reason::kInvalidArgument, fmt::format("expected {}, got a text of something else", what));
}

// What a caller of the API would have sent for the cell; coerce() goes on from there.
Result<Value> sent_value(const CsvCell& cell, const Column& column) {
  if (cell.text.empty() && !cell.is_quoted) return Value();
  switch (column.type) {
    case Type::kFloat:
      if (const auto number = number_of<double>(cell.text)) return Value(*number);
      return expected("a float");
    case Type::kBool:
      if (cell.text == "true") return Value(true);
      if (cell.text == "false") return Value(false);
      return expected("true or false");
    case Type::kInt:
    case Type::kDate:
      if (const auto number = number_of<std::int64_t>(cell.text)) return Value(*number);
      return Value(cell.text);
    case Type::kList: {
      SLATE_TRY(const auto list, parse_json(cell.text));
      return value_from_json(list);
    }
    case Type::kString:
    case Type::kMap: break;
  }
  return Value(cell.text);
}

void put(json::object& record, std::string_view path, json::value value) {
  json::object* object = &record;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    json::value& inner = (*object)[path.substr(0, dot)];
    if (!inner.is_object()) inner.emplace_object();
    object = &inner.get_object();
    path.remove_prefix(dot + 1);
  }
  (*object)[path] = std::move(value);
}

}  // namespace

Result<CsvRecords> CsvRecords::open(const Datasource& datasource, const CsvRow& header) {
  const Schema schema = make_schema(datasource, nullptr);
  const auto refuse = [&](const std::string& path, std::string message) {
    return Error(Reason::kInvalidArgument, fmt::format("line {}: {}", header.line, message)).with_field(path);
  };
  CsvRecords records;
  for (const CsvCell& cell : header.cells) {
    const auto found = schema.find_column(cell.text);
    if (!found) {
      std::vector<std::string_view> paths;
      for (const Column& column : schema.columns) paths.push_back(column.path);
      Error error = refuse(
          cell.text, fmt::format("datasource {} has no field {}", quoted(datasource.id), quoted(cell.text)));
      if (std::string hint = near_miss_hint(cell.text, paths); !hint.empty())
        error = std::move(error).with_hint(std::move(hint));
      return fail(std::move(error));
    }
    if (std::ranges::find(records.columns_, cell.text, &Column::path) != records.columns_.end())
      return fail(refuse(cell.text, "the header names it twice"));
    records.columns_.push_back(schema.columns[*found]);
  }
  if (std::ranges::find(records.columns_, kRecordIdPath, &Column::path) == records.columns_.end())
    return fail(refuse(std::string(kRecordIdPath), "the header has no column _id"));
  return records;
}

Result<json::object> CsvRecords::record(const CsvRow& row) const {
  if (row.cells.size() != columns_.size())
    return fail(Reason::kInvalidArgument, fmt::format("line {}: expected {} cells, as in the header, got {}",
                                                      row.line, columns_.size(), row.cells.size()));
  json::object record;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const auto sent = sent_value(row.cells[i], column);
    if (!sent) return fail(at(row.line, column, sent.error()));
    // The server will do this again, but knows no line of this file.
    const Field field{.name = column.path, .type = column.type, .items = column.items};
    if (const auto stored = coerce(*sent, field); !stored) return fail(at(row.line, column, stored.error()));
    put(record, column.path, to_json(*sent));
  }
  return record;
}

}  // namespace slate
