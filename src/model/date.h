// Dates as text: RFC 3339, whole seconds, UTC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <slate/error.h>
#include <slate/value.h>

namespace slate {

// "2024-05-01T12:00:00Z", with any offset; a bare "2024-05-01" is midnight UTC. A fraction must be zero: nothing
// is narrowed silently. Errors: invalid_argument.
Result<Date> parse_date(std::string_view text);
// Years 0000 to 9999 as RFC 3339 in UTC, "2024-05-01T12:00:00Z"; beyond them the seconds as digits.
std::string format_date(Date date);
// Appends the same to `out`.
void append_date(std::string& out, Date date);

}  // namespace slate
