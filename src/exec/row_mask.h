// A bit for each row of a block.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "codec/block.h"

namespace slate {

class RowMask {
 public:
  // All rows of a block of `rows`, or none.
  static RowMask all(std::size_t rows) {
    RowMask mask(rows);
    for (std::size_t word = 0; word < mask.words_used_; ++word) mask.words_[word] = ~std::uint64_t{0};
    if (rows % 64 != 0) mask.words_[mask.words_used_ - 1] = (std::uint64_t{1} << (rows % 64)) - 1;
    return mask;
  }
  static RowMask none(std::size_t rows) {
    RowMask mask(rows);
    mask.clear();
    return mask;
  }
  static RowMask live(const BlockView& block) {
    RowMask mask = all(block.row_count());
    if (const std::uint64_t* live = block.live()) mask.keep(live);
    return mask;
  }

  std::size_t rows() const { return rows_; }
  std::size_t words() const { return words_used_; }
  std::uint64_t& word(std::size_t at) { return words_[at]; }
  std::uint64_t word(std::size_t at) const { return words_[at]; }

  bool test(std::size_t row) const { return (words_[row >> 6] >> (row & 63) & 1) != 0; }
  void set(std::size_t row) { words_[row >> 6] |= std::uint64_t{1} << (row & 63); }
  void clear() {
    for (std::size_t at = 0; at < words_used_; ++at) words_[at] = 0;
  }
  // Keeps only rows that are set in `bitmap` too.
  void keep(const std::uint64_t* bitmap) {
    for (std::size_t at = 0; at < words_used_; ++at) words_[at] &= bitmap[at];
  }
  void keep(const RowMask& other) { keep(other.words_.data()); }
  void add(const RowMask& other) {
    for (std::size_t at = 0; at < words_used_; ++at) words_[at] |= other.words_[at];
  }
  void remove(const RowMask& other) {
    for (std::size_t at = 0; at < words_used_; ++at) words_[at] &= ~other.words_[at];
  }
  // Takes out the rows below `row`, or from `row` on; any number will do.
  void remove_before(std::size_t row) {
    for (std::size_t at = 0; at < words_used_; ++at) {
      if (row >= (at + 1) * 64)
        words_[at] = 0;
      else if (row > at * 64)
        words_[at] &= ~std::uint64_t{0} << (row - at * 64);
    }
  }
  void remove_from(std::size_t row) {
    for (std::size_t at = 0; at < words_used_; ++at) {
      if (row <= at * 64)
        words_[at] = 0;
      else if (row < (at + 1) * 64)
        words_[at] &= ~(~std::uint64_t{0} << (row - at * 64));
    }
  }
  bool empty() const {
    std::uint64_t any = 0;
    for (std::size_t at = 0; at < words_used_; ++at) any |= words_[at];
    return any == 0;
  }
  std::size_t count() const {
    std::size_t total = 0;
    for (std::size_t at = 0; at < words_used_; ++at)
      total += static_cast<std::size_t>(std::popcount(words_[at]));
    return total;
  }
  // Calls visit(row) for each set row, ascending.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t at = 0; at < words_used_; ++at) {
      for (std::uint64_t word = words_[at]; word != 0; word &= word - 1)
        visit(at * 64 + static_cast<std::size_t>(std::countr_zero(word)));
    }
  }

 private:
  explicit RowMask(std::size_t rows) : rows_(rows), words_used_(bitmap_words(rows)) {}

  std::size_t rows_;
  std::size_t words_used_;
  std::array<std::uint64_t, bitmap_words(kBlockMaxRows)> words_;  // only words_used_ of them are set
};

}  // namespace slate
