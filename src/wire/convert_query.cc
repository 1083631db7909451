#include <algorithm>

#include "base/try.h"
#include "codec/list_cell.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/words.h"

namespace slate::wire {
namespace {

// Far more than FilterLimits and Limits allow, and far less than protobuf's own limit of 100 messages.
constexpr int kMostNesting = 32;
constexpr int kMostValueNesting = 16;

bool nests_within(const Value& value, int levels) {
  if (levels < 0) return false;
  const auto fits = [&](const Value& inner) { return nests_within(inner, levels - 1); };
  if (const auto* list = value.get_if<ListValue>()) return std::ranges::all_of(*list, fits);
  if (const auto* map = value.get_if<MapValue>())
    return std::ranges::all_of(*map, [&](const auto& entry) { return fits(entry.second); });
  return true;
}

bool nests_within(const Filter& filter, int levels) {
  if (levels < 0) return false;
  return std::ranges::all_of(filter.children,
                             [&](const Filter& child) { return nests_within(child, levels - 1); }) &&
         std::ranges::all_of(filter.values, [](const Literal& literal) {
           return nests_within(literal.value, kMostValueNesting);
         });
}

}  // namespace

Result<void> check_nesting(const std::optional<Filter>& filter) {
  if (filter && !nests_within(*filter, kMostNesting))
    return fail(
        Error(Reason::kInvalidArgument, "nested too deeply for a server to read").with_field("filter"));
  return {};
}

void write(const Filter& from, v1::Filter& to) {
  const auto& [kind, field, op, values, children] = from;
  to.set_kind(static_cast<v1::Filter::Kind>(number(kind)));
  if (kind == Filter::Kind::kCondition) {
    to.set_field(field);
    to.set_op(static_cast<v1::Op>(number(op) + 1));
  }
  for (const auto& [value, is_text] : values) {
    v1::Literal& literal = *to.add_values();
    encode_element(value, *literal.mutable_value());
    literal.set_is_text(is_text);
  }
  for (const Filter& child : children) write(child, *to.add_children());
}

Result<Filter> read(const v1::Filter& from) {
  Filter filter;
  SLATE_TRY(filter.kind, word(from.kind(), Filter::Kind::kCondition, Filter::Kind::kNot, "filter kind"));
  if (filter.kind == Filter::Kind::kCondition) {
    filter.field = from.field();
    SLATE_TRY(filter.op, word(from.op(), Op::kEq, Op::kEmpty, "operator", v1::OP_EQ));
  }
  filter.values.reserve(static_cast<std::size_t>(from.values_size()));
  for (const v1::Literal& literal : from.values()) {
    std::string_view bytes = literal.value();
    auto value = take_element(bytes);
    if (!value || !bytes.empty())
      return fail(Error(Reason::kInvalidArgument, "a malformed value").with_field("filter"));
    filter.values.push_back({*std::move(value), literal.is_text()});
  }
  filter.children.reserve(static_cast<std::size_t>(from.children_size()));
  for (const v1::Filter& child : from.children()) {
    SLATE_TRY(Filter read_child, read(child));
    filter.children.push_back(std::move(read_child));
  }
  return filter;
}

void write(const SortKey& from, v1::SortKey& to) {
  const auto& [field, direction, nulls] = from;
  to.set_field(field);
  to.set_descending(direction == Direction::kDescending);
  to.set_nulls_first(nulls == Nulls::kFirst);
}

SortKey read(const v1::SortKey& from) {
  return {.field = from.field(),
          .direction = from.descending() ? Direction::kDescending : Direction::kAscending,
          .nulls = from.nulls_first() ? Nulls::kFirst : Nulls::kLast};
}

void write(const Query& from, v1::Query& to) {
  const auto& [filter, sort, skip, take, columns, cursor] = from;
  if (filter) write(*filter, *to.mutable_filter());
  for (const SortKey& key : sort) write(key, *to.add_sort());
  to.set_skip(skip);
  if (take) to.set_take(*take);
  if (columns) {
    v1::ColumnNames& names = *to.mutable_columns();
    for (const std::string& name : *columns) names.add_names(name);
  }
  if (cursor) to.set_cursor(*cursor);
}

Result<Query> read(const v1::Query& from) {
  Query query;
  if (from.has_filter()) {
    SLATE_TRY(query.filter, read(from.filter()));
  }
  query.sort.reserve(static_cast<std::size_t>(from.sort_size()));
  for (const v1::SortKey& key : from.sort()) query.sort.push_back(read(key));
  query.skip = from.skip();
  if (from.has_take()) query.take = from.take();
  if (from.has_columns()) query.columns.emplace(from.columns().names().begin(), from.columns().names().end());
  if (from.has_cursor()) query.cursor = from.cursor();
  return query;
}

void write(const QueryOptions& from, v1::QuerySettings& to) {
  const auto& [deadline, stop, memory_bytes, max_rows_examined, disabled_rules, force_index, force_rule] =
      from;
  if (memory_bytes != QueryOptions{}.memory_bytes) to.set_memory_bytes(memory_bytes);
  if (max_rows_examined) to.set_max_rows_examined(*max_rows_examined);
  for (const std::string& rule : disabled_rules) to.add_disabled_rules(rule);
  if (force_index) to.set_force_index(*force_index);
  if (force_rule) to.set_force_rule(*force_rule);
}

QueryOptions read(const v1::QuerySettings& from) {
  QueryOptions options;
  if (from.has_memory_bytes()) options.memory_bytes = from.memory_bytes();
  if (from.has_max_rows_examined()) options.max_rows_examined = from.max_rows_examined();
  options.disabled_rules.assign(from.disabled_rules().begin(), from.disabled_rules().end());
  if (from.has_force_index()) options.force_index = from.force_index();
  if (from.has_force_rule()) options.force_rule = from.force_rule();
  return options;
}

}  // namespace slate::wire
