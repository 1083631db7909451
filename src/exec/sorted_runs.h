// Keys with docids, sorted in bounded memory: what does not fit is written to a temporary file as sorted
// runs, which are merged at the end (external merge sort, Knuth vol. 3, 5.4).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/explain.h>

#include "codec/block.h"
#include "exec/interrupt.h"
#include "exec/sort_buffer.h"

namespace slate {

// What a sort may use.
struct SortRoom {
  // The temporary file is named this and something random, for an instant: it has no name once it is open.
  std::string spill_prefix;
  std::uint64_t memory_bytes = 0;
  Interrupt* interrupt = nullptr;     // may be null; outlives the sort
  QueryCounters* counters = nullptr;  // counts the runs; may be null; outlives the sort
};

// Flow: add() all, start_reading(), next() until the end. One thread at a time. After an error only clear()
// makes sense. Errors: io when the temporary file cannot be made, written or read; those of the interrupt.
class SortedRuns {
 public:
  explicit SortedRuns(SortRoom room);
  ~SortedRuns();
  SortedRuns(const SortedRuns&) = delete;
  SortedRuns& operator=(const SortedRuns&) = delete;

  // REQUIRES: as of SortBuffer::add().
  Result<void> add(std::string_view key, DocId docid);
  Result<void> start_reading();

  struct Entry {
    std::string_view key;  // valid until the next call
    DocId docid = 0;
  };
  // By key, then docid. Nothing at the end.
  Result<std::optional<Entry>> next();
  // Replaces `docids` by the next ones in that order, at most `most`; none at the end.
  Result<void> next_docids(std::uint64_t most, std::vector<DocId>& docids);
  // Written so far, those of merges included.
  std::size_t runs() const { return written_; }
  // Forgets everything; keeps the memory.
  void clear();

 private:
  class File;
  class Run;
  class Writer;
  struct Stretch {
    std::uint64_t begin = 0;  // in the file
    std::uint64_t end = 0;
  };
  Result<void> spill();
  std::size_t most_merged() const;
  Result<void> open_runs(std::size_t count);
  Result<void> merge_first(std::size_t count);
  Result<void> advance(std::size_t run);
  Result<std::optional<Entry>> next_merged();

  SortRoom room_;
  Pacer pacer_;
  SortBuffer buffer_;
  std::unique_ptr<File> file_;
  std::vector<Stretch> runs_;  // in the file, still to be merged
  std::vector<std::unique_ptr<Run>> merging_;
  std::vector<std::size_t> heap_;  // positions in merging_, the least first
  std::size_t written_ = 0;
  std::size_t at_ = 0;  // in buffer_, when nothing was spilled
  std::string key_;
};

}  // namespace slate
