// An interrupt that counts how often it is asked, and ends the query at a given time.
#pragma once

#include <cstdint>

#include "exec/interrupt.h"

namespace slate {

struct FakeInterrupt final : Interrupt {
  explicit FakeInterrupt(std::uint64_t fails_after_checks = UINT64_MAX) : fails_after(fails_after_checks) {}
  Result<void> check() override {
    return checks++ < fails_after ? Result<void>() : fail(Reason::kCancelled, "as the test wants");
  }

  std::uint64_t fails_after;  // so many checks
  std::uint64_t checks = 0;
};

}  // namespace slate
