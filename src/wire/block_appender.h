// Batches on their way into a payload of blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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
  // Until there are so many rows or bytes.
  static constexpr std::size_t kMostRows = 1'024;
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10;

  // The cells of one column, as they are read again. Cells without a value are zero or an empty text.
  struct Column {
    Type type = Type::kString;
    Encoding encoding = Encoding::kNull;  // while no row has a value
    std::array<std::uint64_t, kMostRows / 64> validity{};
    // Room for kMostRows, once it is needed.
    std::unique_ptr<std::uint64_t[]> words;    // integers; doubles by their bits
    std::unique_ptr<std::uint32_t[]> offsets;  // of texts: one more than there are rows
    std::string texts;

    // Cells of `rows`, behind the `before` that there are.
    void add(const ColumnView& cells, std::span<const std::uint16_t> rows, std::size_t before);
    ColumnView view() const;

   private:
    void begin(Encoding with, std::size_t before);
    void add_nulls(std::size_t count, std::size_t before);
    template <typename Append>
    void add_each(const ColumnView& cells, std::span<const std::uint16_t> rows, std::size_t before,
                  Append append);
  };

  std::vector<Column> columns_;  // the record ids first
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace slate::wire
