// Reading what a request says: bodies, parameters.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "api/render/cell_text.h"
#include "http/message.h"
#include "lists/caller_copy.h"
#include "loader/loader_client.h"

namespace slate::api {

// The body as JSON. Errors: unsupported_media_type unless the Content-Type is JSON or missing;
// invalid_argument with line and column.
Result<boost::json::value> json_body(const http::Request& request);
// The same, and it must be an object.
Result<boost::json::object> json_object_body(const http::Request& request);

// Refuses parameters other than `known`, and those that come twice, naming them.
Result<void> check_parameters(const http::Request& request, std::initializer_list<std::string_view> known);
// true or false, empty as true; absent is false.
Result<bool> flag_parameter(const http::Request& request, std::string_view name);
// A whole number within [least, most]; absent stays absent.
Result<std::optional<std::uint64_t>> number_parameter(const http::Request& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most);

// Takes `int64=string` out of the parameters; absent or `number`: numbers.
Result<Int64Form> take_int64_form(http::NamedValues& parameters);

// The copy of a datasource that the request's headers name.
Result<CallerCopy> caller_copy(Database& database, std::string_view datasource, const http::Request& request);

RequestContext request_context(const http::Request& request);

}  // namespace slate::api
