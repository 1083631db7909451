// Filling the next generation of a datasource beside the live one.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/record.h>

namespace slate {

struct BuildCounts {
  std::uint64_t received = 0;    // records appended
  std::uint64_t duplicates = 0;  // replaced by a later one of the same id; a merge does not count them
  std::uint64_t rows = 0;        // records in the generation
  std::uint64_t bytes = 0;       // of the generation's file
};

// Flow: append() every record, finish(), publish(). Readers see the old generation until publish() returns,
// and the new one from then on. Destroyed before publish(): the file is removed and nothing happened. Memory
// beyond the store is bounded by DatabaseOptions::load_memory_bytes, whatever the number of records. One
// thread at a time; any number of readers and writers of the live generation go on meanwhile.
class GenerationBuilder {
 public:
  virtual ~GenerationBuilder() = default;

  // Cells name fields by their position in Datasource::fields; each field at most once. A later record of the
  // same id replaces an earlier one. invalid_argument names record, field, expected and got: nothing of this
  // record is taken, and the builder goes on. After any other error it is of no further use.
  virtual Result<void> append(std::string_view id, std::span<const CellRef> cells) = 0;
  // Builds the indexes and makes the file durable as the datasource's durability asks. No append() after it.
  virtual Result<BuildCounts> finish() = 0;
  // Makes this the live generation, in one commit. failed_precondition when the datasource was dropped or its
  // fields changed meanwhile. Returns the generation's number.
  virtual Result<std::uint64_t> publish(UnixMillis loaded_at) = 0;
};

}  // namespace slate
