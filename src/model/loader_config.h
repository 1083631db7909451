// The part of validate(Datasource) that looks at the loader.
#pragma once

#include <slate/datasource.h>
#include <slate/error.h>

namespace slate {

// One year of 365.25 days, a hundred times: no time to live is longer.
inline constexpr std::int64_t kLongestSeconds = std::int64_t{36525} * 86400;

// invalid_argument with the member at fault as the field: "loader.ttl", "loader.forwardHeaders[1]".
Result<void> validate(const LoaderConfig& loader);

}  // namespace slate
