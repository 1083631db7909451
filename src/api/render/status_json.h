// Everything but rows as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include <slate/database.h>

#include "api/audience.h"
#include "lists/list_service.h"
#include "loader/refresher.h"

namespace slate::api {

// "fresh", "stale" or "static".
std::string_view freshness_word(FreshnessState state);
// {"state","generation","loaded_at","expires_at","error"}, whose error is as readers of lists may see it.
void append_freshness(std::string& out, const Freshness& freshness);

// RFC 3339, or null.
boost::json::value time_json(std::optional<UnixMillis> time);
// {"code","detail","hint"?}, or null.
boost::json::value error_json(const std::optional<Error>& error);
// "loading", "succeeded" or "failed".
std::string_view load_state_word(LoadState state);
// "created", "changed" or "unchanged".
std::string_view saved_word(Saved saved);

// What a client polls: state is "loading", "succeeded" or "failed".
boost::json::object load_json(const LoadStatus& load, Audience audience);
// `datasource` gives the columns their types; null when it has gone.
boost::json::object list_json(const ListView& list, const Datasource* datasource);
boost::json::object datasource_json(const DatasourceStatus& status, const std::optional<LoadStatus>& load);

}  // namespace slate::api
