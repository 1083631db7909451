#include "query/list_query.h"

#include <fmt/format.h>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "query/filter_fields.h"
#include "query/names.h"

namespace slate {
namespace {

// Both hold. An `and` goes in as its parts, so that two filters nest no deeper than one group more.
std::optional<Filter> both(const std::optional<Filter>& own, std::optional<Filter> narrowing) {
  if (!own) return narrowing;
  if (!narrowing) return own;
  std::vector<Filter> parts;
  const auto add = [&parts](Filter filter) {
    if (filter.kind == Filter::Kind::kAnd) {
      parts.insert(parts.end(), std::make_move_iterator(filter.children.begin()),
                   std::make_move_iterator(filter.children.end()));
    } else {
      parts.push_back(std::move(filter));
    }
  };
  add(*own);
  add(*std::move(narrowing));
  return Filter::all_of(std::move(parts));
}

std::vector<std::string> shown_columns(const ListView& list) {
  std::vector<std::string> columns;
  columns.reserve(list.columns.size());
  for (const auto& column : list.columns)
    if (!column.hidden) columns.push_back(column.field);
  return columns;
}

}  // namespace

Result<Query> list_query(const ListView& list, Query narrowing, Paging paging) {
  if (narrowing.filter) {
    SLATE_TRY(require_fields_in_list(*narrowing.filter, list));
    // Its groups are bounded when it is bound: the parameters of a URL are an `and` around those of a filter.
    if (auto within = check_conditions(*narrowing.filter); !within)
      return fail(std::move(within).error().with_field("filter"));
  }
  for (const auto& key : narrowing.sort) SLATE_TRY(require_in_list(list, key.field));
  if (narrowing.columns)
    for (const auto& name : *narrowing.columns) SLATE_TRY(require_in_list(list, name));
  if (paging == Paging::kPage && narrowing.take && *narrowing.take > list.max_page_size)
    return fail(
        Error(Reason::kInvalidArgument, fmt::format("list \"{}\" gives at most {} rows a page, got {}",
                                                    list.id, list.max_page_size, *narrowing.take))
            .with_field("take"));

  Query query = std::move(narrowing);
  query.filter = both(list.filter, std::move(query.filter));
  if (query.sort.empty()) query.sort = list.sort;
  if (!query.columns) query.columns = shown_columns(list);
  if (!query.take && paging == Paging::kPage) query.take = list.page_size;
  return query;
}

}  // namespace slate
