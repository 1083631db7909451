// What came out of one run of a line: enough to prove that two engines returned the same, and that the caller
// has read every cell.
//
// CellFold and CellCheck are given an answer cell by cell, each row's cells in the order of Line::columns and
// then end_row(). An engine's reading loop is a template over the two: the fold costs next to nothing and is
// what timed runs do, the check hashes every byte and is what the answers of engines are compared by.
#pragma once

#include <bench/run.h>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slate::bench::compare {

struct Answer {
  std::uint64_t rows = 0;
  std::uint64_t folded = 0;    // as slate::bench::read_cells(), in whatever order the rows came
  std::uint64_t checksum = 0;  // over whole rows, in whatever order they came; CellCheck only
  std::uint64_t keys = 0;      // over the cells of the key columns, in the order of the rows; CellCheck only
  bool operator==(const Answer&) const = default;
};

class CellFold {
 public:
  void text(std::string_view text) { folded_ += fold_text(text); }
  // An int, or a date in seconds.
  void integer(std::int64_t number) { folded_ += static_cast<std::uint64_t>(number); }
  void null() {}
  void end_row() { ++rows_; }
  // A part that was folded elsewhere.
  void add(std::uint64_t rows, std::uint64_t folded) {
    rows_ += rows;
    folded_ += folded;
  }
  Answer answer() const { return {.rows = rows_, .folded = folded_}; }

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t folded_ = 0;
};

class CellCheck {
 public:
  // `key_columns`: ascending positions among the cells of a row. Must outlive the object.
  explicit CellCheck(std::span<const std::size_t> key_columns = {}) : key_columns_(key_columns) {}

  void text(std::string_view text);
  void integer(std::int64_t number);
  void null();
  void end_row();
  Answer answer() const { return answer_; }

 private:
  void cell(std::uint64_t hash);

  std::span<const std::size_t> key_columns_;
  std::size_t column_ = 0;
  std::uint64_t row_ = 0;
  Answer answer_;
};

}  // namespace slate::bench::compare
