// How many connections a test can have of which both ends are in its process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <sys/resource.h>

namespace slate::net::testing {

// As many as are wanted where the hard limit on open files allows it, which root may raise, or else as many
// as it does allow; the test's output says how many. Raises the soft limit for as long as the process lives.
inline std::size_t many_connections(std::size_t wanted) {
  constexpr std::size_t kOtherFiles = 200;
  const rlim_t needed = wanted * 2 + kOtherFiles;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < needed) {
    const rlimit raised{.rlim_cur = needed, .rlim_max = needed};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::size_t room = limit.rlim_max > kOtherFiles ? (limit.rlim_max - kOtherFiles) / 2 : 0;
  const std::size_t count = std::min(wanted, room);
  std::cout << count << " connections";
  if (count < wanted)
    std::cout << " instead of " << wanted << ": the hard limit on open files is " << limit.rlim_max;
  std::cout << std::endl;
  return count;
}

}  // namespace slate::net::testing
