// Pages by cursor: from a row to a token, and from a token to the place where a page begins.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "exec/generation_view.h"
#include "query/bound_query.h"

namespace slate {

// A token for the page behind a row of a query's answer, or for the one before it. Filter and sort as they
// were bound, before any planning; the row is of the view. O(log n).
Result<std::string> make_cursor(const BoundFilter& filter, std::span<const BoundSortKey> sort,
                                const GenerationView& view, DocId docid, PageDirection page);

// Makes `query` begin, or end, where the token says. invalid_argument for a token of another query, or none
// of this database; cursor_expired for one of another generation, or when the place cannot be told any more
// because a row with sort values too long for a token has changed.
Result<void> apply_cursor(std::string_view token, const GenerationView& view, BoundQuery& query);

}  // namespace slate
