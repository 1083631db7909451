// Index entries of a bulk load, sorted in bounded memory: what does not fit is written to files as sorted
// runs, which are merged at the end (external merge sort, Knuth vol. 3, 5.4).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "codec/block.h"
#include "exec/sort_key.h"

namespace slate {

// Flow: add() all, start_reading(), next() until the end. One thread at a time. Its files go with it.
class KeyRuns {
 public:
  // Runs are files named `prefix` and a number.
  KeyRuns(std::filesystem::path prefix, std::size_t memory_bytes);
  ~KeyRuns();
  KeyRuns(const KeyRuns&) = delete;
  KeyRuns& operator=(const KeyRuns&) = delete;

  Result<void> add(std::string_view key, DocId docid);
  Result<void> start_reading();

  struct Entry {
    std::string_view key;  // valid until the next call
    DocId docid = 0;
  };
  // By key, then docid. Nothing at the end.
  Result<std::optional<Entry>> next();
  std::size_t runs() const { return files_.size(); }

 private:
  class Run;
  Result<void> spill();
  Result<void> advance(std::size_t run);

  std::filesystem::path prefix_;
  std::size_t memory_bytes_;
  SortBuffer buffer_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::unique_ptr<Run>> merging_;  // of the files
  std::vector<std::size_t> heap_;              // positions in merging_, the least first
  std::size_t at_ = 0;                         // in buffer_, when nothing was spilled
  std::string key_;
};

}  // namespace slate
