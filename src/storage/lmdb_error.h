// LMDB's error codes as ours: the one place where they are translated.
#pragma once

#include <string_view>

#include <slate/error.h>

namespace slate::storage {

// REQUIRES: code != MDB_SUCCESS. `what` says what was being done.
Error lmdb_error(int code, std::string_view what);

}  // namespace slate::storage
