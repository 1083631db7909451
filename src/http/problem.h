#pragma once

#include <string>
#include <string_view>

#include <slate/error.h>

#include "http/message.h"

namespace slate::http {

// The one place where an error becomes RFC 9457 problem+json:
// {"type","title","status","code","detail","field"?,"hint"?,"request_id"}. Bytes of the message that are not
// UTF-8 come out as U+FFFD.
std::string problem_json(const Error& error, std::string_view request_id);

// The response as it goes on the wire: an error takes the place of body and stream, and without one
// any status but 2xx and 3xx is a defect of its handler, answered as such. Other responses pass unchanged.
Response with_problem_body(Response response, std::string_view request_id);

}  // namespace slate::http
