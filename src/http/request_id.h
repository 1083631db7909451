#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slate::http {

// The client's id if it is 1 to 128 characters of [A-Za-z0-9._-]; else a new random one of 32 hex digits,
// which is unique but no secret. Safe from any thread.
std::string choose_request_id(std::optional<std::string_view> sent);

}  // namespace slate::http
