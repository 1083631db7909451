// Dates as text: RFC 3339, whole seconds, UTC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <slate/error.h>
#include <slate/value.h>

namespace slate {

// "2024-05-01T12:00:00Z", with any offset; a bare "2024-05-01" is midnight UTC. Nothing is narrowed silently:
// a fraction must be zero, a leap second (":60") is refused, and so is an instant whose year in UTC is not
// 0000 to 9999. Errors: invalid_argument.
Result<Date> parse_date(std::string_view text);
// Whether its year in UTC is 0000 to 9999: RFC 3339 has no other.
bool has_rfc3339(Date date);
// Years 0000 to 9999 as RFC 3339 in UTC, "2024-05-01T12:00:00Z", the exact inverse of parse_date(); beyond
// them the seconds as digits.
std::string format_date(Date date);
// Appends the same to `out`.
void append_date(std::string& out, Date date);

}  // namespace slate
