// Aborts on a defect of our own. Nothing that a user sends may ever reach a failing check.
#pragma once

#include <source_location>

namespace slate {

[[noreturn]] void check_failed(const char* what,
                               std::source_location where = std::source_location::current());

inline void check(bool holds, const char* what,
                  std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    check_failed(what, where);
}

}  // namespace slate
