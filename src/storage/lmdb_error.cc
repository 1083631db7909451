#include "storage/lmdb_error.h"

#include <cerrno>
#include <fmt/format.h>
#include <lmdb.h>

namespace slate::storage {

Error lmdb_error(int code, std::string_view what) {
  const auto with = [&](Reason reason) {
    return Error(reason, fmt::format("{}: {}", what, mdb_strerror(code)));
  };
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID: return with(Reason::kCorrupt);
    case MDB_VERSION_MISMATCH: return with(Reason::kUnsupportedFormat);
    case MDB_MAP_FULL:
      return with(Reason::kQuotaExceeded).with_hint("open the database with a larger generation_map_bytes");
    case MDB_READERS_FULL:
      return with(Reason::kQuotaExceeded).with_hint("too many snapshots are open at once");
    case ENOSPC: return with(Reason::kQuotaExceeded).with_hint("the disk is full");
    case MDB_BAD_VALSIZE:
    case MDB_BAD_TXN:
    case MDB_BAD_DBI:
    case MDB_BAD_RSLOT:
    case MDB_INCOMPATIBLE:
    case MDB_DBS_FULL:
    case MDB_TXN_FULL:
    case MDB_CURSOR_FULL:
    case EINVAL: return with(Reason::kInternal);
    default: return with(Reason::kIo);
  }
}

}  // namespace slate::storage
