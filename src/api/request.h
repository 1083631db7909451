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

#include "api/operation.h"
#include "api/render/cell_text.h"
#include "http/message.h"
#include "lists/caller_copy.h"
#include "lists/list_service.h"
#include "loader/loader_client.h"

namespace slate::api {

// The body as JSON. Errors: unsupported_media_type unless the Content-Type is JSON or missing;
// invalid_argument with line and column.
Result<boost::json::value> json_body(const http::Request& request);
// The same, and it must be an object.
Result<boost::json::object> json_object_body(const http::Request& request);
// An object, too, of a request that may be a merge patch: is_merge_patch() tells.
Result<boost::json::object> patch_body(const http::Request& request);
bool is_merge_patch(const http::Request& request);

// Refuses parameters that the operation does not declare, and those that come twice, naming them. Does
// nothing where conditions are taken: whoever reads those refuses the rest.
Result<void> check_parameters(const http::Request& request, const Operation& operation);
// invalid_argument naming the first of `refused` that came, for the reason given.
Result<void> refuse_parameters(const http::NamedValues& parameters,
                               std::initializer_list<const Parameter*> refused, std::string_view why);
// true or false, empty as true; absent is false.
Result<bool> flag_parameter(const http::Request& request, const Parameter& parameter);
// Within the parameter's bounds; absent stays absent.
Result<std::optional<std::uint64_t>> number_parameter(const http::Request& request,
                                                      const Parameter& parameter);
// One of the parameter's words. A view of the request, or of what it is when absent.
Result<std::string_view> word_parameter(const http::Request& request, const Parameter& parameter);

// The same, taken out from among parameters that may be conditions. invalid_argument when it came twice.
Result<std::optional<std::string>> take_text(http::NamedValues& parameters, const Parameter& parameter);
Result<std::optional<std::uint64_t>> take_number(http::NamedValues& parameters, const Parameter& parameter);
Result<std::string> take_word(http::NamedValues& parameters, const Parameter& parameter);
// `int64`.
Result<Int64Form> take_int64_form(http::NamedValues& parameters);
// What a path that ends in /values/{field} asks for. invalid_argument, too, for parameters of rows.
Result<ValuesAsked> take_values_asked(http::Request& request);

// The copy of a datasource that the request's headers name.
Result<CallerCopy> caller_copy(Database& database, std::string_view datasource, const http::Request& request);

RequestContext request_context(const http::Request& request);

}  // namespace slate::api
