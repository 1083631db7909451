// Checking a datasource from end to end: every segment, every record, every index entry, both ways.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/database.h>

#include "db/snapshot_impl.h"

namespace slate {

struct AuditReport {
  std::uint64_t segments = 0;
  std::uint64_t rows = 0;           // live ones that were found
  std::uint64_t index_entries = 0;  // of all indexes together
  std::uint64_t problem_count = 0;
  std::vector<std::string> problems;  // a line each, the first hundred of them; none: all is well
};

// How far an audit has come, in segments and index entries; called once for each some hundred of them.
using AuditProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Checks of one snapshot that:
//   each segment has its checksum, lies behind the one before it and within its key, holds the schema's
//   types, and no cell lies beyond the bounds of its column; each live record has an id of its own, and there
//   are as many as the generation says; each record has exactly one entry in each index, under the key of its
//   cells, and no entry is without its record; frequencies are those of the cells; the statistics can be
//   read.
// An index that is still being built is checked as far as it has come. O(rows x indexes), memory for one
// segment and 16 MiB. Damage is what the report says; an error is what kept the audit from beginning.
Result<AuditReport> audit(const StoredSnapshot& snapshot);
// The same of a generation by itself, as the transaction sees it.
Result<AuditReport> audit_generation(const Generation& generation, const storage::Transaction& transaction,
                                     const Schema& schema, const AuditProgress& progress = {});

// Of a datasource as it is now, all of its copies. REQUIRES: a database that Database::open() made. Errors:
// not_found; corrupt when the datasource was shut off.
Result<AuditReport> audit_datasource(Database& database, std::string_view datasource);

}  // namespace slate
