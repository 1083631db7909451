// CSV as RFC 4180 has it, row by row from a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include <slate/error.h>

namespace slate {

struct CsvCell {
  std::string text;
  bool is_quoted = false;  // tells "" from nothing
  bool operator==(const CsvCell&) const = default;
};

struct CsvRow {
  std::vector<CsvCell> cells;
  std::size_t line = 0;  // of its beginning, from 1
};

// Cells are separated by commas; lines end in LF or CR LF. A cell in quotes may hold all of these, and "" for
// a quote. A byte order mark in front and lines without anything are passed over. Texts are bytes: whether
// they are UTF-8 is not looked at. Memory for one row. One thread at a time.
class CsvReader {
 public:
  static constexpr std::size_t kRowBytes = std::size_t{64} << 20;
  static constexpr std::size_t kRowCells = 4'096;

  // The stream must outlive this.
  explicit CsvReader(std::istream& in);

  // Nothing at the end. invalid_argument naming the line for what is no CSV and for a row beyond the limits;
  // there is no next one after that.
  Result<std::optional<CsvRow>> next();
  // Taken from the stream so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  int take();
  int peek();
  Result<bool> read_cell(CsvRow& row);
  Result<void> read_quoted(CsvCell& cell);

  std::istream& in_;
  std::uint64_t bytes_ = 0;
  std::size_t line_ = 1;
  std::size_t row_bytes_ = 0;
};

}  // namespace slate
