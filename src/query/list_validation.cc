#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/list_view.h>

#include "base/try.h"
#include "model/coerce.h"
#include "model/name.h"
#include "model/schema.h"
#include "query/bound_query.h"
#include "query/filter_fields.h"
#include "query/limits.h"
#include "query/names.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

Failure refuse(std::string member, std::string message) {
  return fail(Error(Reason::kInvalidArgument, std::move(message)).with_field(std::move(member)));
}

Result<void> check_text(std::string_view member, std::string_view text) {
  if (!is_valid_utf8(text)) return refuse(std::string(member), "expected valid UTF-8");
  return {};
}

Result<void> check_columns(const ListView& list, const Schema& schema) {
  if (list.columns.empty()) return refuse("columns", "a list has at least one column");
  if (list.columns.size() > Limits::kFields)
    return refuse("columns",
                  fmt::format("a list has at most {} columns, got {}", Limits::kFields, list.columns.size()));
  std::vector<bool> taken(schema.columns.size());
  for (std::size_t i = 0; i < list.columns.size(); ++i) {
    const auto place = fmt::format("columns[{}].field", i);
    const auto found = resolve_output(schema, list.columns[i].field);
    if (!found) return fail(located_in(place, found.error()));
    for (const auto column : *found) {
      if (taken[column])
        return refuse(place, fmt::format("the list has field {} twice", quoted(schema.columns[column].path)));
      taken[column] = true;
    }
    SLATE_TRY(check_text(fmt::format("columns[{}].label", i), list.columns[i].label));
  }
  return {};
}

Result<void> check_page_sizes(const ListView& list) {
  const auto in_range = [](std::uint32_t size) { return size >= 1 && size <= kMostPageSize; };
  if (!in_range(list.page_size))
    return refuse("pageSize", fmt::format("expected 1 to {}, got {}", kMostPageSize, list.page_size));
  if (!in_range(list.max_page_size))
    return refuse("maxPageSize", fmt::format("expected 1 to {}, got {}", kMostPageSize, list.max_page_size));
  if (list.page_size > list.max_page_size)
    return refuse("pageSize", fmt::format("expected at most maxPageSize, {}, got {}", list.max_page_size,
                                          list.page_size));
  return {};
}

Result<BoundFilter> check_filter(const ListView& list, const Schema& schema) {
  if (list.filter)
    if (const auto within = check_limits(*list.filter); !within)
      return fail(located_in("filter", within.error()));
  auto bound = bind_filter(list.filter, schema);
  if (!bound) return fail(located_in("filter", bound.error()));
  return bound;
}

Result<std::vector<BoundSortKey>> check_sort(const ListView& list, const Schema& schema) {
  Query query;
  query.sort = list.sort;
  query.columns.emplace();
  auto bound = bind(query, schema);
  if (!bound) return fail(located_in("sort", bound.error()));
  return std::move(bound->sort);
}

// The conditions that all must hold.
std::vector<const BoundFilter*> conjuncts(const BoundFilter& filter) {
  std::vector<const BoundFilter*> parts;
  if (filter.kind == Kind::kAnd)
    for (const auto& child : filter.children) parts.push_back(&child);
  else if (filter.kind != Kind::kTrue)
    parts.push_back(&filter);
  return parts;
}

// How far a condition cuts down an index walk, best first; nothing when no index can serve it.
enum class Sargable : std::uint8_t { kEquality, kSeveral, kRange };

std::optional<Sargable> sargable(const BoundFilter& filter, const Schema& schema) {
  switch (filter.kind) {
    case Kind::kRange:
    case Kind::kIn:
    case Kind::kIsnull:
    case Kind::kText: break;
    default: return std::nullopt;
  }
  const Column& column = schema.columns[filter.column];
  if (column.type == Type::kList) return std::nullopt;
  if (filter.kind == Kind::kText) {
    if (filter.match != TextMatch::kStartswith) return std::nullopt;
    if (filter.case_rule == CaseRule::kFolded && column.collation == Collation::kBinary) return std::nullopt;
    return Sargable::kRange;
  }
  if (filter.kind == Kind::kIn) return Sargable::kSeveral;
  return filter.kind == Kind::kIsnull || filter.is_equality() ? Sargable::kEquality : Sargable::kRange;
}

bool leads_an_index(const Schema& schema, std::uint32_t column) {
  return std::any_of(schema.indexes.begin(), schema.indexes.end(), [column](const Index& index) {
    return !index.components.empty() && index.components.front().column == column;
  });
}

// Whether some index comes in the order of the column: from its start, or from behind components that the
// filter holds to one value each.
bool serves_order(const Schema& schema, const std::vector<const BoundFilter*>& conditions,
                  std::uint32_t column) {
  const auto is_held = [&](std::uint32_t other) {
    return std::any_of(conditions.begin(), conditions.end(), [&](const BoundFilter* condition) {
      return condition->column == other && condition->is_equality();
    });
  };
  return std::any_of(schema.indexes.begin(), schema.indexes.end(), [&](const Index& index) {
    for (const auto& component : index.components) {
      if (component.column == column) return true;
      if (!is_held(component.column)) return false;
    }
    return false;
  });
}

// What to do about a column that no index leads with.
std::string remedy(const Column& column) {
  if (column.ttl_seconds)
    return fmt::format("field {} cannot be indexed, because its cells expire (ttlSeconds)", column.path);
  return fmt::format("add `indexed: true` to field {}", column.path);
}

std::optional<std::string> sort_warning(const BoundQuery& query, const Schema& schema) {
  if (query.sort.empty() || query.filter.kind == Kind::kFalse) return std::nullopt;
  const auto first = query.sort.front().column;
  if (serves_order(schema, conjuncts(query.filter), first)) return std::nullopt;
  const Column& column = schema.columns[first];
  return fmt::format("sort by {} is served by no index: {}", column.path, remedy(column));
}

std::optional<std::string> filter_warning(const BoundQuery& query, const Schema& schema) {
  if (query.filter.kind == Kind::kTrue || query.filter.kind == Kind::kFalse) return std::nullopt;
  const Column* best = nullptr;
  Sargable best_rank = Sargable::kRange;
  for (const auto* condition : conjuncts(query.filter)) {
    const auto rank = sargable(*condition, schema);
    if (!rank) continue;
    if (leads_an_index(schema, condition->column)) return std::nullopt;
    const Column& column = schema.columns[condition->column];
    // One that can be indexed before one that cannot, then by rank, then the first.
    const auto order = [](const Column& of, Sargable by) {
      return std::pair(of.ttl_seconds.has_value(), by);
    };
    if (best == nullptr || order(column, *rank) < order(*best, best_rank)) {
      best = &column;
      best_rank = *rank;
    }
  }
  if (best != nullptr) return fmt::format("filter is served by no index: {}", remedy(*best));
  return "filter is served by no index, and no index could serve it: every row is examined; a condition with "
         "eq, in, "
         "a range, isnull or startswith beside it could be indexed";
}

}  // namespace

Result<std::vector<std::string>> validate(const ListView& list, const Datasource& datasource) {
  if (auto valid = validate_name(list.id, "the id of a list"); !valid)
    return fail(std::move(valid).error().with_field("id"));
  if (list.datasource != datasource.id)
    return refuse("datasource", fmt::format("the list is of datasource {}, and was checked against {}",
                                            quoted(list.datasource), quoted(datasource.id)));
  SLATE_TRY(validate(datasource));
  const Schema schema = make_schema(datasource, nullptr);
  SLATE_TRY(check_text("title", list.title));
  SLATE_TRY(check_columns(list, schema));
  SLATE_TRY(check_page_sizes(list));
  BoundQuery bound;
  SLATE_TRY(bound.filter, check_filter(list, schema));
  SLATE_TRY(bound.sort, check_sort(list, schema));

  std::vector<std::string> warnings;
  if (auto warning = sort_warning(bound, schema)) warnings.push_back(*std::move(warning));
  if (auto warning = filter_warning(bound, schema)) warnings.push_back(*std::move(warning));
  return warnings;
}

}  // namespace slate
