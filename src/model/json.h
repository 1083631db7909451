// Datasources, lists, records and filters as JSON: the one mapping that HTTP, manifests and the catalog
// share. Every parse error is invalid_argument naming the member by its path ("fields.born.type") and saying
// what was expected and what came; unknown members are refused.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/list_view.h>
#include <slate/query.h>
#include <slate/record.h>

namespace slate {

// Text to JSON, with the line (where there are several) and column of a mistake. Nesting (64), members of one
// object (4,096) and values (8 million) are limited; ints keep 64 bits and floats every digit; duplicate
// members are refused.
Result<boost::json::value> parse_json(std::string_view text);

// JSON to text, for people and programs: a float is the shortest text that reads back as the same float, such
// as 1.5, 2.0 or 1e+30, and null when it is not finite.
std::string json_text(const boost::json::value& json);

// The members are those of a manifest's `spec` (camelCase: ttlSeconds, forwardHeaders, pageSize, ...) plus
// `id`.
Result<Datasource> datasource_from_json(const boost::json::value& json);
boost::json::value to_json(const Datasource& datasource);
Result<ListView> list_view_from_json(const boost::json::value& json);
boost::json::value to_json(const ListView& list);

// {"field","op","value"}, {"and":[...]}, {"or":[...]}, {"not":{...}}; limits of FilterLimits are enforced.
Result<Filter> filter_from_json(const boost::json::value& json);
boost::json::value to_json(const Filter& filter);
// [{"field","direction","nulls"}]; a string "-field" is a short form.
Result<std::vector<SortKey>> sort_from_json(const boost::json::value& json);
boost::json::value to_json(const std::vector<SortKey>& sort);

// A value by JSON's own kinds: numbers without fraction that fit are ints. The datasource's types come later,
// at coerce(). Null stays null.
Value value_from_json(const boost::json::value& json);
boost::json::value to_json(const Value& value);
// An object of cells; `_id` is skipped.
Result<std::vector<std::pair<std::string, Value>>> cells_from_json(const boost::json::object& json);

}  // namespace slate
