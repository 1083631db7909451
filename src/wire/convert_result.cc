#include "base/try.h"
#include "codec/list_cell.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/words.h"

namespace slate::wire {
namespace {

void write(const PlanNode& from, v1::PlanNode& to) {
  const auto& [op, detail, estimated_rows, children] = from;
  to.set_op(op);
  to.set_detail(detail);
  if (estimated_rows) to.set_estimated_rows(*estimated_rows);
  for (const PlanNode& child : children) write(child, *to.add_children());
}

PlanNode read(const v1::PlanNode& from) {
  PlanNode node{.op = from.op(), .detail = from.detail(), .estimated_rows = {}, .children = {}};
  if (from.has_estimated_rows()) node.estimated_rows = from.estimated_rows();
  for (const v1::PlanNode& child : from.children()) node.children.push_back(read(child));
  return node;
}

}  // namespace

void write(const SnapshotInfo& from, v1::SnapshotInfo& to) {
  const auto& [generation, data_version, rows, loaded_at, now] = from;
  to.set_generation(generation);
  to.set_data_version(data_version);
  to.set_rows(rows);
  if (loaded_at) to.set_loaded_at(*loaded_at);
  to.set_now(now);
}

SnapshotInfo read(const v1::SnapshotInfo& from) {
  SnapshotInfo info{.generation = from.generation(),
                    .data_version = from.data_version(),
                    .rows = from.rows(),
                    .loaded_at = {},
                    .now = from.now()};
  if (from.has_loaded_at()) info.loaded_at = from.loaded_at();
  return info;
}

void write(const QueryCounters& from, v1::QueryCounters& to) {
  const auto& [keys_examined, blocks_examined, blocks_skipped, rows_examined, rows_returned, runs_spilled] =
      from;
  to.set_keys_examined(keys_examined);
  to.set_blocks_examined(blocks_examined);
  to.set_blocks_skipped(blocks_skipped);
  to.set_rows_examined(rows_examined);
  to.set_rows_returned(rows_returned);
  to.set_runs_spilled(runs_spilled);
}

QueryCounters read(const v1::QueryCounters& from) {
  return {.keys_examined = from.keys_examined(),
          .blocks_examined = from.blocks_examined(),
          .blocks_skipped = from.blocks_skipped(),
          .rows_examined = from.rows_examined(),
          .rows_returned = from.rows_returned(),
          .runs_spilled = from.runs_spilled()};
}

void write(const ResultColumn& from, v1::ResultColumn& to) {
  const auto& [field, type, items] = from;
  to.set_field(field);
  to.set_type(static_cast<v1::Type>(number(type)));
  for (const Field& item : items) write(item, *to.add_items());
}

Result<ResultColumn> read(const v1::ResultColumn& from) {
  ResultColumn column;
  column.field = from.field();
  SLATE_TRY(column.type, word(from.type(), Type::kString, Type::kMap, "type"));
  for (const v1::Field& item : from.items()) {
    SLATE_TRY(Field element, read(item));
    column.items.push_back(std::move(element));
  }
  return column;
}

void write(const RowsEnd& from, v1::RowsEnd& to) {
  const auto& [has_more, next_cursor, previous_cursor, counters, server] = from;
  if (has_more) to.set_has_more(*has_more);
  if (next_cursor) to.set_next_cursor(*next_cursor);
  if (previous_cursor) to.set_previous_cursor(*previous_cursor);
  write(counters, *to.mutable_counters());
  to.set_server_micros(static_cast<std::uint64_t>(server.count()));
}

RowsEnd read(const v1::RowsEnd& from) {
  RowsEnd end;
  if (from.has_has_more()) end.has_more = from.has_more();
  if (from.has_next_cursor()) end.next_cursor = from.next_cursor();
  if (from.has_previous_cursor()) end.previous_cursor = from.previous_cursor();
  end.counters = read(from.counters());
  end.server = std::chrono::microseconds(from.server_micros());
  return end;
}

void write(const DistinctValues& from, v1::DistinctValues& to) {
  const auto& [values, has_more, counters] = from;
  for (const auto& [value, count] : values) {
    v1::DistinctValue& one = *to.add_values();
    encode_element(value, *one.mutable_value());
    one.set_count(count);
  }
  to.set_has_more(has_more);
  write(counters, *to.mutable_counters());
}

Result<DistinctValues> read(const v1::DistinctValues& from) {
  DistinctValues values{.values = {}, .has_more = from.has_more(), .counters = read(from.counters())};
  values.values.reserve(static_cast<std::size_t>(from.values_size()));
  for (const v1::DistinctValue& one : from.values()) {
    std::string_view bytes = one.value();
    auto value = take_element(bytes);
    if (!value || !bytes.empty()) return fail(Reason::kInvalidArgument, "a malformed value");
    values.values.push_back({*std::move(value), one.count()});
  }
  return values;
}

void write(const Explanation& from, v1::Explanation& to) {
  const auto& [root, rule, cost, refused, actual, milliseconds] = from;
  write(root, *to.mutable_root());
  to.set_rule(rule);
  to.set_cost(cost);
  for (const auto& [detail, refused_cost, why] : refused) {
    v1::RefusedPlan& plan = *to.add_refused();
    plan.set_detail(detail);
    plan.set_cost(refused_cost);
    plan.set_why(why);
  }
  if (actual) write(*actual, *to.mutable_actual());
  if (milliseconds) to.set_milliseconds(*milliseconds);
}

Result<Explanation> read(const v1::Explanation& from) {
  Explanation explanation;
  explanation.root = read(from.root());
  explanation.rule = from.rule();
  explanation.cost = from.cost();
  for (const v1::RefusedPlan& plan : from.refused())
    explanation.refused.push_back({.detail = plan.detail(), .cost = plan.cost(), .why = plan.why()});
  if (from.has_actual()) explanation.actual = read(from.actual());
  if (from.has_milliseconds()) explanation.milliseconds = from.milliseconds();
  return explanation;
}

void write(const BuildCounts& from, v1::BuildCounts& to) {
  const auto& [received, duplicates, rows, bytes] = from;
  to.set_received(received);
  to.set_duplicates(duplicates);
  to.set_rows(rows);
  to.set_bytes(bytes);
}

BuildCounts read(const v1::BuildCounts& from) {
  return {.received = from.received(),
          .duplicates = from.duplicates(),
          .rows = from.rows(),
          .bytes = from.bytes()};
}

}  // namespace slate::wire
