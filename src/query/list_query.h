// What a request to a list asks of its datasource.
#pragma once

#include <cstdint>
#include <string_view>

#include <slate/error.h>
#include <slate/list_view.h>
#include <slate/query.h>

namespace slate {

enum class Paging : std::uint8_t {
  kPage,  // `take` is the list's page size unless given, and at most its maximum
  kAll,   // an export: every row unless `take` is given
};

// The list's own query, narrowed by a request: both filters hold; the request's sort, if it has one, replaces
// the list's; `columns` picks among the list's, hidden ones included, which otherwise stay out. The request
// may name the list's columns, what is inside them, and `_id` alone: invalid_argument naming the field, or
// `take` with the maximum. The list's own filter and sort may use any field of the datasource.
Result<Query> list_query(const ListView& list, Query narrowing, Paging paging);

}  // namespace slate
