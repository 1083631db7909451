#include "bench/net/placement.h"

#include <cerrno>
#include <cstring>
#include <sched.h>

namespace slate::bench::network {

Processors own_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  Processors all;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (unsigned i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set)) all.push_back(i);
  if (all.empty()) all.push_back(0);
  return all;
}

Result<void> run_on(const Processors& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned each : processors) CPU_SET(each, &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) return {};
  return fail(Reason::kInternal, std::string("sched_setaffinity: ") + std::strerror(errno));
}

Placement halves(const Processors& all) {
  if (all.size() < 2) return {.server = all, .client = all};
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  return {.server = {all.begin(), middle}, .client = {middle, all.end()}};
}

}  // namespace slate::bench::network
