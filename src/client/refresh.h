// What a client asks of a server about refreshes.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <variant>

#include <slate/error.h>

#include "client/remote_client.h"
#include "wire/answers.h"
#include "wire/requests.h"

namespace slate::client {

using RefreshAnswer =
    std::variant<wire::RefreshGranted, wire::RefreshBusy, wire::RefreshEnded, wire::RefreshFailed>;

// Blocks for as long as the request says that it waits; `stop` ends that, with cancelled. What is granted is
// the connection's: it is lost with it.
Result<RefreshAnswer> begin_refresh(RemoteClient& client, wire::BeginRefresh request,
                                    const std::stop_token& stop = {});

// Absent: the server knows no load of this id, or not any more.
Result<std::optional<wire::LoadReport>> find_load(RemoteClient& client, std::string_view load_id);

}  // namespace slate::client
