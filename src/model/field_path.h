// Declared fields by their dotted paths.
#pragma once

#include <span>
#include <string_view>

#include <slate/datasource.h>

namespace slate {

// The field at "address.geo.lat", or at "address" itself; null when none is declared there. Points into
// `fields`. O(fields of each map on the way).
const Field* find_field(std::span<const Field> fields, std::string_view path);

}  // namespace slate
