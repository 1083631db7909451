// Reads and writes that happen together or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>
#include <slate/record.h>

namespace slate {

// An optimistic transaction over any number of datasources: it sees one snapshot of each, taken at its first
// touch, and its own writes; nothing is locked. At commit() it fails with `conflict`, and changes nothing,
// when a record that it wrote, or read with get_for_update(), was changed by another commit since that
// snapshot: the first committer wins, and the other may run again from the start. Not thread-safe: one thread
// at a time. Destroyed without commit(): nothing happened. Writes to several datasources are atomic against
// conflicts, not against a crash between their files.
class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual Result<std::optional<Record>> get(std::string_view datasource, std::string_view id) = 0;
  virtual Result<std::optional<Record>> get_for_update(std::string_view datasource, std::string_view id) = 0;
  // Errors as of Database::write_batch; a refused write leaves the transaction as it was.
  virtual Result<void> write(std::string_view datasource, RecordWrite write) = 0;
  // Errors: conflict, and those of the store. The transaction is over either way.
  virtual Result<WriteCounts> commit() = 0;
};

}  // namespace slate
