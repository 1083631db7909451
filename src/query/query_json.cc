#include "query/query_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/try.h"
#include "model/json.h"
#include "model/name.h"
#include "query/names.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::string_view kMembers[] = {"filter", "sort", "skip", "take", "columns", "cursor"};

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a bool";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return "a number";
    case json::kind::string: return "a string";
    case json::kind::array: return "an array";
    case json::kind::object: return "an object";
  }
  return "something else";
}

Failure refuse(std::string member, std::string message) {
  return fail(Error(Reason::kInvalidArgument, std::move(message)).with_field(std::move(member)));
}

// The error of a part, its path continued from the member that the part is.
Failure inside(std::string_view member, Error error) {
  std::string path(member);
  if (error.field() && !error.field()->empty()) {
    if (!error.field()->starts_with('[')) path += '.';
    path += *error.field();
  }
  return fail(std::move(error).with_field(std::move(path)));
}

Result<std::uint64_t> read_number(std::string_view member, const json::value& value) {
  if (const auto* number = value.if_uint64()) return *number;
  if (const auto* number = value.if_int64(); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  const auto got = value.is_number() ? json_text(value) : std::string(kind_of(value));
  return refuse(std::string(member),
                fmt::format("expected a whole number from 0 to {}, got {}", UINT64_MAX, got));
}

Result<std::vector<std::string>> read_columns(const json::value& value) {
  const auto* array = value.if_array();
  if (array == nullptr)
    return refuse("columns", fmt::format("expected an array of names, got {}", kind_of(value)));
  // Counted here so that a long body is not copied name by name first.
  if (array->size() > Limits::kFields)
    return refuse("columns",
                  fmt::format("at most {} columns can be named, got {}", Limits::kFields, array->size()));
  std::vector<std::string> names;
  names.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto* name = (*array)[i].if_string();
    if (name == nullptr)
      return refuse(fmt::format("columns[{}]", i),
                    fmt::format("expected a name, got {}", kind_of((*array)[i])));
    names.emplace_back(name->data(), name->size());
  }
  return names;
}

}  // namespace

Result<Query> query_from_json(const json::value& body) {
  const auto* object = body.if_object();
  if (object == nullptr)
    return fail(Reason::kInvalidArgument,
                fmt::format("expected a query as an object, got {}", kind_of(body)));
  Query query;
  for (const auto& entry : *object) {
    const std::string_view member(entry.key().data(), entry.key().size());
    const json::value& value = entry.value();
    const bool is_known = std::find(std::begin(kMembers), std::end(kMembers), member) != std::end(kMembers);
    if (!is_known) {
      auto error = Error(Reason::kInvalidArgument, fmt::format("a query has no member {}", quoted(member)))
                       .with_field(as_field(member));
      auto hint = near_miss_hint(member, kMembers);
      return fail(hint.empty() ? std::move(error) : std::move(error).with_hint(std::move(hint)));
    }
    if (value.is_null()) continue;
    if (member == "filter") {
      auto filter = filter_from_json(value);
      if (!filter) return inside(member, std::move(filter).error());
      query.filter = *std::move(filter);
    } else if (member == "sort") {
      auto sort = sort_from_json(value);
      if (!sort) return inside(member, std::move(sort).error());
      query.sort = *std::move(sort);
    } else if (member == "skip") {
      SLATE_TRY(query.skip, read_number(member, value));
    } else if (member == "take") {
      SLATE_TRY(query.take, read_number(member, value));
    } else if (member == "cursor") {
      if (!value.is_string())
        return fail(Error(Reason::kInvalidArgument, fmt::format("expected a string, got {}", kind_of(value)))
                        .with_field("cursor"));
      query.cursor = std::string(value.as_string());
    } else {
      SLATE_TRY(query.columns, read_columns(value));
    }
  }
  return query;
}

json::value to_json(const Query& query) {
  json::object body;
  if (query.filter) body["filter"] = to_json(*query.filter);
  if (!query.sort.empty()) body["sort"] = to_json(query.sort);
  if (query.skip > 0) body["skip"] = query.skip;
  if (query.take) body["take"] = *query.take;
  if (query.columns) body["columns"] = json::array(query.columns->begin(), query.columns->end());
  if (query.cursor) body["cursor"] = *query.cursor;
  return body;
}

}  // namespace slate
