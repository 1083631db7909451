// Batches on their way into a payload of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <slate/batch.h>

namespace slate::wire {

// A block costs its directory, on the wire and at both ends, so that batches of few rows are put together: a
// sorted page has one or two rows of each segment. One thread at a time.
class BlockAppender {
 public:
  // Appends the batch's rows behind those before, to `out` or to what flush() will append there. All batches
  // are of one result. REQUIRES: as append_blocks(), with the same `out` each time.
  void add(const Batch& batch, std::string& out);
  void flush(std::string& out);
  // Of the rows that flush() would append, about.
  std::size_t bytes() const { return bytes_; }
  // Forgets them.
  void clear();

 private:
  // The cells of one column, as they are read again.
  struct Column {
    Type type = Type::kString;
    Encoding encoding = Encoding::kNull;  // while no row has a value
    std::vector<std::uint64_t> validity;
    std::vector<std::uint64_t> words;    // integers; doubles by their bits
    std::vector<std::uint32_t> offsets;  // of texts: one more than there are rows
    std::string texts;

    void add(const ColumnView& cells, std::span<const std::uint16_t> rows, std::size_t before);
    ColumnView view() const;
  };

  std::vector<Column> columns_;  // the record ids first
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace slate::wire
