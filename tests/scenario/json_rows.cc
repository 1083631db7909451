#include "scenario/json_rows.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

#include "base/try.h"
#include "model/coerce.h"
#include "model/json.h"
#include "scenario/cells.h"

namespace slate::scenario {
namespace {

namespace json = boost::json;

std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

// The paths of what holds cells, in the order in which they stand; a map without any cell as itself.
void collect(const json::object& object, const std::string& above, const Datasource& datasource,
             std::vector<std::pair<std::string, const json::value*>>& members) {
  for (const auto& entry : object) {
    const std::string path = above + text_of(entry.key());
    const Field* field = find_field(datasource.fields, path);
    if (field != nullptr && field->type == Type::kMap && entry.value().is_object())
      collect(entry.value().get_object(), path + '.', datasource, members);
    else
      members.emplace_back(path, &entry.value());
  }
}

std::string_view first_name(std::string_view path) { return path.substr(0, path.find('.')); }

std::vector<std::string> first_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths)
    if (std::ranges::find(names, first_name(path)) == names.end()) names.emplace_back(first_name(path));
  return names;
}

Failure strange(const json::value& row, std::string_view why) {
  return fail(Reason::kInternal, "a row " + std::string(why) + ": " + json::serialize(row));
}

}  // namespace

Result<Value> read_json_cell(const json::value& json, const Field& field) {
  if (!json.is_string() &&
      (field.type == Type::kString || (field.type == Type::kDate && !json.is_number())) && !json.is_null())
    return fail(Reason::kInternal, "a cell that is no string: " + json::serialize(json));
  return coerce(value_from_json(json), field);
}

Result<std::vector<Value>> read_json_row(const json::value& json, const std::vector<std::string>& columns,
                                         const Datasource& datasource) {
  if (!json.is_object()) return strange(json, "is no object");
  std::vector<std::pair<std::string, const json::value*>> members;
  collect(json.get_object(), "", datasource, members);
  std::vector<std::string> paths = {"_id"};
  paths.insert(paths.end(), columns.begin(), columns.end());

  std::vector<std::string> names;
  for (const auto& entry : json.get_object()) names.push_back(text_of(entry.key()));
  if (names != first_names(paths)) return strange(json, "has other members than its columns, or elsewhere");
  std::vector<Value> cells;
  std::vector<bool> is_used(members.size());
  for (const std::string& path : paths) {
    const auto member = std::ranges::find_if(members, [&](const auto& each) {
      return path == each.first || (path.starts_with(each.first + '.') && each.second->is_null());
    });
    if (member == members.end()) return strange(json, "lacks " + path);
    is_used[static_cast<std::size_t>(member - members.begin())] = true;
    if (member->second->is_null()) {
      cells.emplace_back();
      continue;
    }
    SLATE_TRY(Value cell, read_json_cell(*member->second, *find_field(datasource.fields, path)));
    cells.push_back(std::move(cell));
  }
  if (std::ranges::find(is_used, false) != is_used.end()) return strange(json, "has more than its columns");
  return cells;
}

}  // namespace slate::scenario
