// A dense column put together from cells of many blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <slate/batch.h>

namespace slate {

// Some rows of one block, and the places in the output that they go to.
struct Picks {
  std::span<const std::uint16_t> rows;
  std::span<const std::uint32_t> places;
};

// One output column in the making. Texts become a dictionary in which they stand as they come.
class GatheredColumn {
 public:
  explicit GatheredColumn(Type type) : type_(type) {}
  static std::size_t row_bytes(Type type);

  // Forgets what was there; keeps the memory.
  void start(std::size_t rows);
  // Copies cells of a column that has `block_rows` rows.
  void add(const ColumnView& from, std::size_t block_rows, const Picks& picks);
  // Bytes that the texts take.
  std::size_t text_bytes() const { return texts_.size() + ends_.size() * sizeof(std::uint32_t); }
  // Rows from `first` on, a multiple of 64. Valid until start().
  ColumnView view(std::size_t first) const;

 private:
  template <typename Delta>
  void add_integers(const ColumnView& from, const Picks& picks);
  void add_reals(const ColumnView& from, const Picks& picks);
  void add_texts(const ColumnView& from, std::size_t block_rows, const Picks& picks);
  void add_nulls(const ColumnView& from, const Picks& picks);

  Type type_;
  std::size_t room_ = 0;                   // rows that data_ has room for
  std::unique_ptr<std::uint64_t[]> data_;  // numbers; codes, of four bytes each
  std::vector<std::uint64_t> validity_;
  bool has_nulls_ = false;
  std::vector<std::uint32_t> ends_;  // of the texts, the first being where they begin
  std::string texts_;
};

}  // namespace slate
