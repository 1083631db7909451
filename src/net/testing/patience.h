// Time limits for tests on machines that may be busy with anything else.
#pragma once

#include <chrono>
#include <cstddef>

#include "net/blocking_pool.h"

namespace slate::net::testing {

// Of what a test does not mean to run out: only what hangs takes so long. Less than a test program may take,
// so that the test can still say what it waited for.
constexpr std::chrono::minutes kPatience{5};

// A pool that turns nobody away because it is slow.
inline BlockingPoolOptions patient_pool(std::size_t threads,
                                        std::size_t queue_limit = BlockingPoolOptions().queue_limit) {
  return {.name = "test", .threads = threads, .queue_limit = queue_limit, .longest_wait = kPatience};
}

}  // namespace slate::net::testing
