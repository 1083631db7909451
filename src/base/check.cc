#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace slate {

void check_failed(const char* what, std::source_location where) {
  std::fprintf(stderr, "slate: defect at %s:%u: %s\n", where.file_name(), where.line(), what);
  std::abort();
}

}  // namespace slate
