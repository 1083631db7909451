// Which of a request's headers its loader gets to see.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <slate/datasource.h>

#include "loader/loader_client.h"

namespace slate {

// The values of one header, joined with ", " as HTTP reads them; the name is compared without case. Absent:
// it did not come.
std::optional<std::string> joined_header(std::span<const std::pair<std::string, std::string>> headers,
                                         std::string_view wanted);

// Exactly the headers that `forwardHeaders` names: compared without case, under the names as configured. A
// header that came several times is joined by ", ", as HTTP reads it; one that did not come is left out.
LoadMetadata forwarded_headers(const LoaderConfig& config,
                               std::span<const std::pair<std::string, std::string>> headers);

}  // namespace slate
