// Distinct values as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <slate/distinct.h>

#include "api/render/cell_text.h"
#include "lists/list_service.h"

namespace slate::api {

// {"list":"leads","field":"status","values":[{"value":"active","count":12}],"has_more":false,"freshness":{...}};
// the first member is named by `owner_kind`.
std::string values_json(std::string_view owner_kind, std::string_view owner, std::string_view field,
                        const DistinctValues& values, const std::optional<Freshness>& freshness,
                        Int64Form form);

}  // namespace slate::api
