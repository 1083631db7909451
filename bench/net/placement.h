// Which processors the two ends of a connection run on, so that what is compared has the same.
#pragma once

#include <vector>

#include <slate/error.h>

namespace slate::bench::network {

using Processors = std::vector<unsigned>;

// Those that this process may run on, ascending; never empty.
Processors own_processors();
// This thread, and those it starts from now on, run on these only. Errors: internal.
Result<void> run_on(const Processors& processors);

struct Placement {
  Processors server;
  Processors client;
};
// Halves, the client with the larger one; both ends on the one processor there is.
Placement halves(const Processors& all);

}  // namespace slate::bench::network
