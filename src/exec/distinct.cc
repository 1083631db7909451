#include "exec/distinct.h"

#include <algorithm>

#include "base/try.h"
#include "exec/executor.h"
#include "exec/index_statistics.h"
#include "exec/index_walker.h"
#include "exec/operator.h"
#include "exec/value_counter.h"
#include "exec/value_frequencies.h"
#include "plan/cost.h"
#include "plan/planner.h"
#include "plan/settle.h"

namespace slate {
namespace {

// A walk over the keys of an index whose first component is the column, or nothing when there is none that
// settles the whole filter by that component alone. Folded keys do not tell the values as they are stored.
std::optional<IndexWalk> covering_walk(const BoundDistinct& query, const GenerationView& view,
                                       const IndexStatistics& statistics) {
  const auto conjuncts = conjuncts_of(query.filter);
  for (std::uint32_t i = 0; i < view.schema->indexes.size(); ++i) {
    const Index& index = view.schema->indexes[i];
    const IndexComponent& component = index.components.front();
    if (component.column != query.column || component.collation != Collation::kBinary ||
        !statistics.is_ready(index))
      continue;
    const Index first{.components = {component}};
    SettledRanges found = settle(conjuncts, first);
    if (!std::ranges::all_of(found.settled, std::identity())) continue;
    IndexWalk walk{.index = i, .ranges = std::move(found.ranges)};
    if (conjuncts.empty()) walk.ranges.emplace_back();
    return walk;
  }
  return std::nullopt;
}

// The value in front of an index key, `count` times.
Result<void> add_key(std::string_view key, Type type, Direction direction, std::uint64_t count,
                     ValueCounter& values) {
  SLATE_TRY(const KeyComponent value, take_component(key, type, direction));
  if (const auto* text = std::get_if<std::string>(&value.value)) return values.add_text(*text, count);
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    return values.add_number(ordered_image(*integer), count);
  if (const auto* real = std::get_if<double>(&value.value))
    return values.add_number(ordered_image(*real), count);
  values.add_null(count);
  return {};
}

// Nothing when a key may have been cut: then the records must tell.
Result<std::optional<DistinctValues>> walk_values(const BoundDistinct& query, const IndexWalk& walk,
                                                  const GenerationView& view, const QueryOptions& options) {
  const IndexComponent& component = view.schema->indexes[walk.index].components.front();
  const Type type = view.schema->columns[component.column].type;
  ValueCounter values(type, query.order, query.take, options.memory_bytes);
  QueryCounters counters;
  QueryInterrupt interrupt(options, counters);
  const auto visit = [&](std::string_view key, std::uint64_t count) -> Result<Visit> {
    SLATE_TRY(add_key(key, type, component.direction, count, values));
    return Visit::kGoOn;
  };
  SLATE_TRY(const bool whole, visit_keys(view, walk, interrupt, counters, visit));
  if (!whole) return std::nullopt;
  SLATE_TRY(DistinctValues found, std::move(values).finish(interrupt));
  found.counters = counters;
  return found;
}

// From the frequencies of the column, or nothing when they cannot tell.
Result<std::optional<DistinctValues>> known_values(const BoundDistinct& query, const GenerationView& view,
                                                   const QueryOptions& options) {
  const auto known = list_values(view, query.column, conjuncts_of(query.filter));
  if (!known) return std::nullopt;
  const Type type = view.schema->columns[query.column].type;
  ValueCounter values(type, query.order, query.take, options.memory_bytes);
  for (const ValueCount& value : *known)
    SLATE_TRY(add_key(value.key, type, Direction::kAscending, value.count, values));
  const QueryCounters counters{.keys_examined = known->size()};
  QueryInterrupt interrupt(options, counters);
  SLATE_TRY(DistinctValues found, std::move(values).finish(interrupt));
  found.counters = counters;
  return found;
}

}  // namespace

Result<DistinctValues> execute_distinct(const BoundDistinct& query, const GenerationView& view,
                                        const QueryOptions& options) {
  SLATE_TRY(check_planner_options(options, *view.schema));
  const IndexStatistics statistics(view);
  if (is_rule_on(options, kRuleCovered)) {
    SLATE_TRY(auto known, known_values(query, view, options));
    if (known) return *std::move(known);
    if (const auto walk = covering_walk(query, view, statistics)) {
      const IndexEstimate keys = statistics.entries(view.schema->indexes[walk->index], walk->ranges);
      if (keys.keys * cost::kKey < static_cast<double>(view.rows)) {
        SLATE_TRY(auto values, walk_values(query, *walk, view, options));
        if (values) return *std::move(values);
      }
    }
  }

  BoundQuery rows_query{.filter = query.filter};
  const Column& column = view.schema->columns[query.column];
  if (query.column != kRecordIdColumn) rows_query.columns = {query.column};
  SLATE_TRY(Plan plan, make_plan(rows_query, *view.schema, statistics, options));
  SLATE_TRY(const auto rows, execute(std::move(plan), view, options, nullptr));
  ValueCounter values(column.type == Type::kList ? column.items.front().type : column.type, query.order,
                      query.take, options.memory_bytes);
  for (;;) {
    SLATE_TRY(const Batch* batch, rows->next());
    if (batch == nullptr) break;
    SLATE_TRY(values.add(query.column == kRecordIdColumn ? batch->id : batch->columns.front(), batch->rows));
  }
  QueryInterrupt interrupt(options, rows->counters());
  SLATE_TRY(DistinctValues found, std::move(values).finish(interrupt));
  found.counters = rows->counters();
  return found;
}

}  // namespace slate
