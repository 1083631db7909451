// Checking a datasource from end to end: every segment, every record, every index entry, both ways.
#pragma once

#include <cstdint>
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

// Checks of one snapshot that:
//   each segment has its checksum, lies behind the one before it and within its key, and holds the schema's
//   types; each live record has an id of its own, and there are as many as the generation says; each record
//   has exactly one entry in each index, under the key of its cells, and no entry is without its record.
// An index that is still being built is checked as far as it has come. O(rows x indexes), memory for one
// segment. Damage is what the report says; an error is what kept the audit from going on (io).
Result<AuditReport> audit(const StoredSnapshot& snapshot);

// Of a datasource as it is now, all of its copies. REQUIRES: a database that Database::open() made. Errors:
// not_found; corrupt when the datasource was shut off.
Result<AuditReport> audit_datasource(Database& database, std::string_view datasource);

}  // namespace slate
