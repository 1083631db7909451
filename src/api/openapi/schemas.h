// The schemas of bodies: JSON Schema 2020-12, as OpenAPI 3.1 has it.
#pragma once

#include <string_view>

namespace slate::api {

// An object of schemas by name, as JSON text. The codes of problems are not in it: they are the error
// table's.
std::string_view schemas_json();

}  // namespace slate::api
