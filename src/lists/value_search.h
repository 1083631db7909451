// Narrowing the values of a column by a text that somebody types.
#pragma once

#include <string>
#include <string_view>

#include <slate/error.h>
#include <slate/query.h>

#include "model/schema.h"

namespace slate {

// The records whose value at `field` contains the text, case aside. Errors: invalid_argument naming `search`
// for what is no text; of a list the elements beside the one that contains it would come along.
Result<Filter> value_search(const Schema& schema, std::string_view field, std::string text);

}  // namespace slate
