#include "cli/record_table.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cli/text_table.h"
#include "model/json.h"

namespace slate::cli {

std::string cell_text(const boost::json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return printable(std::string_view(value.get_string()));
  return printable(json_text(value));
}

std::string record_table(const boost::json::array& records) {
  std::vector<TextColumn> columns;
  std::unordered_map<std::string_view, std::size_t> position;  // of a member among the columns
  std::vector<bool> has_words;                                 // a column with anything but numbers
  std::vector<std::vector<std::string>> rows;
  for (const boost::json::value& record : records) {
    if (!record.is_object()) continue;
    std::vector<std::string>& row = rows.emplace_back(columns.size());
    for (const auto& [name, value] : record.get_object()) {
      const auto [found, is_new] = position.emplace(std::string_view(name), columns.size());
      if (is_new) {
        columns.push_back({.title = printable(std::string_view(name))});
        has_words.push_back(false);
        row.emplace_back();
      }
      row[found->second] = cell_text(value);
      if (!value.is_null() && !value.is_number()) has_words[found->second] = true;
    }
  }
  if (columns.empty()) return {};
  for (std::size_t i = 0; i < columns.size(); ++i)
    columns[i].align = has_words[i] ? Align::kLeft : Align::kRight;
  return render_table(columns, rows);
}

}  // namespace slate::cli
