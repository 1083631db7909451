#include "scenario/cells.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <fmt/format.h>

#include "base/try.h"
#include "model/date.h"
#include "model/json.h"

namespace slate::scenario {
namespace {

Failure bad_cell(std::string_view text, std::string_view why) {
  return fail(Reason::kInvalidArgument, fmt::format("cell `{}`: {}", text, why));
}

Result<std::string> json_string(std::string_view quoted) {
  SLATE_TRY(const auto json, parse_json(quoted));
  if (!json.is_string()) return bad_cell(quoted, "not a string");
  return std::string(json.get_string().data(), json.get_string().size());
}

std::vector<std::string> split_cells(std::string_view line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= line.size();) {
    if (at == line.size() || line[at] == '|') {
      cells.emplace_back(trimmed(line.substr(begin, at - begin)));
      begin = ++at;
    } else {
      at = line[at] == '"' ? quoted_end(line, at) : at + 1;
    }
  }
  return cells;
}

// Whether a string cell may stand without quotes.
bool is_plain(std::string_view text) {
  if (text.empty() || text == "null" || trimmed(text).size() != text.size()) return false;
  if (text.front() == '"') return false;
  return std::ranges::none_of(
      text, [](char c) { return c == '|' || c == '"' || c == '\x7f' || (c >= 0 && c < ' '); });
}

// Positions in code points, so that columns line up for most scripts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shortened(const std::string& cell) {
  constexpr std::size_t kLongest = 80;
  if (cell.size() <= kLongest) return cell;
  return cell.substr(0, kLongest / 2) + "..." + cell.substr(cell.size() - kLongest / 4) +
         fmt::format(" ({} bytes)", cell.size());
}

}  // namespace

std::size_t quoted_end(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

Result<std::string> evaluate_string(std::string_view expression) {
  std::string result;
  std::string_view rest = trimmed(expression);
  for (;;) {
    if (!rest.starts_with('"')) return bad_cell(expression, "expected a quoted string");
    const std::size_t end = quoted_end(rest, 0);
    SLATE_TRY(const std::string piece, json_string(rest.substr(0, end)));
    rest = trimmed(rest.substr(end));
    std::size_t times = 1;
    if (rest.starts_with('*')) {
      rest = trimmed(rest.substr(1));
      const auto [stop, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), times);
      if (problem != std::errc()) return bad_cell(expression, "expected a number after *");
      rest = trimmed(rest.substr(static_cast<std::size_t>(stop - rest.data())));
    }
    for (std::size_t i = 0; i < times; ++i) result += piece;
    if (rest.empty()) return result;
    if (!rest.starts_with('+')) return bad_cell(expression, "expected + or the end");
    rest = trimmed(rest.substr(1));
  }
}

Result<std::string> expand(std::string_view text) {
  std::string expanded;
  for (;;) {
    const std::size_t begin = text.find("$(");
    expanded += text.substr(0, begin);
    if (begin == std::string_view::npos) return expanded;
    std::size_t end = begin + 2;
    while (end < text.size() && text[end] != ')') end = text[end] == '"' ? quoted_end(text, end) : end + 1;
    SLATE_TRY(const std::string value, evaluate_string(text.substr(begin + 2, end - begin - 2)));
    expanded += value;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Result<Value> read_cell(std::string_view text, const Field* field) {
  if (text.empty()) return bad_cell(text, "empty; write null or \"\"");
  if (text == "null") return Value();
  if (text.front() == '"') {
    SLATE_TRY(std::string value, evaluate_string(text));
    return Value(std::move(value));
  }
  const bool may_be_bare = field == nullptr || field->type == Type::kString || field->type == Type::kDate;
  if (field == nullptr || field->type != Type::kString) {
    const auto json = parse_json(text);
    if (json) return value_from_json(*json);
    if (!may_be_bare) return bad_cell(text, json.error().message());
  }
  return Value(text);
}

std::string cell_text(const Value& value) {
  if (value.is_null()) return "null";
  if (const auto* text = value.get_if<std::string>())
    return is_plain(*text) ? *text : boost::json::serialize(boost::json::value(*text));
  if (const auto* real = value.get_if<double>()) return fmt::format("{}", *real);
  if (const auto* date = value.get_if<Date>()) return format_date(*date);
  return boost::json::serialize(to_json(value));
}

Result<Table> read_table(const std::vector<Line>& lines) {
  Table table;
  for (const Line& line : lines) {
    std::vector<std::string> cells = split_cells(line.text);
    if (table.header.empty()) {
      table.header = std::move(cells);
    } else if (cells.size() != table.header.size()) {
      return fail(Reason::kInvalidArgument, fmt::format("line {} has {} cells, the header {}", line.number,
                                                        cells.size(), table.header.size()));
    } else {
      table.rows.push_back({.line = line.number, .cells = std::move(cells)});
    }
  }
  return table;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(shortened(row[i])));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "   ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = shortened(row[i]);
      line += (i == 0 ? " " : " | ") + cell;
      if (i + 1 < row.size()) line += std::string(widths[i] - width_of(cell), ' ');
    }
    text += line + '\n';
  }
  return text;
}

const Field* find_field(const std::vector<Field>& fields, std::string_view path) {
  static const Field record_id{.name = "_id"};
  if (path == record_id.name) return &record_id;
  const std::string_view name = path.substr(0, path.find('.'));
  const auto found = std::ranges::find(fields, name, &Field::name);
  if (found == fields.end()) return nullptr;
  if (name.size() == path.size()) return &*found;
  return find_field(found->fields, path.substr(name.size() + 1));
}

}  // namespace slate::scenario
