// Scalars of YAML by the core schema of YAML 1.2. Private to this room.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include <slate/error.h>

namespace slate {

// `tag` is "?" for plain text, "!" for quoted text, else the whole name of a tag. Plain text is null, a bool,
// an int or a float where it reads like one, and a string otherwise: `no` and `on` are strings.
// invalid_argument for an unknown tag, for text that does not fit its tag, and for numbers that are not
// finite.
Result<boost::json::value> read_yaml_scalar(std::string_view tag, std::string_view text);

}  // namespace slate
