#include "query/names.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "model/coerce.h"
#include "model/name.h"

namespace slate {
namespace {

constexpr std::size_t kLeavesInHint = 8;
constexpr std::size_t kFieldBytes = 256;

// Whether `path` lies below the map at `outer`.
bool is_below(std::string_view path, std::string_view outer) {
  return path.size() > outer.size() + 1 && path[outer.size()] == '.' && path.starts_with(outer);
}

Error no_such_field(std::string message, std::string_view path,
                    std::span<const std::string_view> candidates) {
  auto error = Error(Reason::kInvalidArgument, std::move(message)).with_field(as_field(path));
  auto hint = near_miss_hint(path, candidates);
  return hint.empty() ? error : std::move(error).with_hint(std::move(hint));
}

}  // namespace

std::string as_field(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (name.size() <= kFieldBytes && is_valid_utf8(name) && std::none_of(name.begin(), name.end(), is_control))
    return std::string(name);
  auto shown = quoted(name);
  return shown.substr(1, shown.size() - 2);
}

std::vector<std::uint32_t> columns_inside(const Schema& schema, std::string_view path) {
  std::vector<std::uint32_t> columns;
  for (std::uint32_t i = 0; i < schema.columns.size(); ++i)
    if (is_below(schema.columns[i].path, path)) columns.push_back(i);
  return columns;
}

Error unknown_field(const Schema& schema, std::string_view path) {
  std::vector<std::string_view> candidates;
  candidates.reserve(schema.columns.size());
  for (const auto& column : schema.columns) candidates.push_back(column.path);
  return no_such_field(fmt::format("there is no field {}", quoted(path)), path, candidates);
}

Result<std::uint32_t> resolve_column(const Schema& schema, std::string_view path) {
  if (const auto column = schema.find_column(path)) return *column;
  const auto inside = columns_inside(schema, path);
  if (inside.empty()) return fail(unknown_field(schema, path));
  std::string leaves;
  for (std::size_t i = 0; i < inside.size() && i < kLeavesInHint; ++i)
    leaves += (i == 0 ? "" : ", ") + schema.columns[inside[i]].path;
  if (inside.size() > kLeavesInHint) leaves += ", ...";
  return fail(Error(Reason::kInvalidArgument,
                    fmt::format("{} is a map: name one of the fields inside it", quoted(path)))
                  .with_field(std::string(path))
                  .with_hint(std::move(leaves)));
}

Result<std::vector<std::uint32_t>> resolve_output(const Schema& schema, std::string_view path) {
  if (const auto column = schema.find_column(path)) return std::vector{*column};
  auto inside = columns_inside(schema, path);
  if (inside.empty()) return fail(unknown_field(schema, path));
  return inside;
}

bool is_in_list(const ListView& list, std::string_view path) {
  if (path == kRecordIdPath) return true;
  for (const auto& column : list.columns)
    if (path == column.field || is_below(path, column.field)) return true;
  return false;
}

Result<void> require_in_list(const ListView& list, std::string_view path) {
  if (is_in_list(list, path)) return {};
  std::vector<std::string_view> candidates;
  candidates.reserve(list.columns.size() + 1);
  for (const auto& column : list.columns) candidates.push_back(column.field);
  candidates.push_back(kRecordIdPath);
  return fail(no_such_field(fmt::format("there is no field {} in list \"{}\"", quoted(path), list.id), path,
                            candidates));
}

Error located_in(std::string_view place, const Error& error) {
  std::string message = error.message();
  const auto& inner = error.field();
  if (inner && !inner->empty() && *inner != place && message.find(quoted(*inner)) == std::string::npos)
    message = *inner + ": " + message;
  auto moved = Error(error.reason(), std::move(message)).with_field(std::string(place));
  if (error.hint()) return std::move(moved).with_hint(*error.hint());
  return moved;
}

}  // namespace slate
