#pragma once

#include <memory>

#include "server/call.h"
#include "server/held_snapshot.h"
#include "server/query_stream.h"

namespace slate::server {

// Has the request carried out: at once where that is short, otherwise on the pool. It is answered when this
// returns, or later. The stream of a query that goes on; null for everything else. On the connection's
// strand, which `snapshots` belongs to.
std::shared_ptr<QueryStream> carry_out(const std::shared_ptr<Call>& call, HeldSnapshots& snapshots);

}  // namespace slate::server
