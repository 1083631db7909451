// Names in a request: which column they mean, and what to say when they mean none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/list_view.h>

#include "model/schema.h"

namespace slate {

// A name that somebody sent, fit to be the field of an error: as it is when it could be a path, otherwise cut
// off and without what cannot be shown.
std::string as_field(std::string_view name);

// The columns inside the map at `path`, in declared order; empty when there is no such map. O(columns).
std::vector<std::uint32_t> columns_inside(const Schema& schema, std::string_view path);

// The column of a leaf. invalid_argument with the path as its field: an unknown name comes with the nearest
// one as the hint, a map with the names of its leaves.
Result<std::uint32_t> resolve_column(const Schema& schema, std::string_view path);
// The columns that an output name stands for: one, or all those inside a map.
Result<std::vector<std::uint32_t>> resolve_output(const Schema& schema, std::string_view path);
// invalid_argument: there is no such field.
Error unknown_field(const Schema& schema, std::string_view path);

// Whether a request to the list may name this path: a column of the list, an entry of a map that is one, or
// `_id`.
bool is_in_list(const ListView& list, std::string_view path);
// invalid_argument for a path that is not in the list, with the nearest one that is; tells nothing of the
// fields that the datasource has beyond the list.
Result<void> require_in_list(const ListView& list, std::string_view path);

// The same error, found in the parameter or member `place`: what was at fault inside it moves into the
// message.
Error located_in(std::string_view place, const Error& error);

}  // namespace slate
