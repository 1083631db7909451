// Sorting and merging that can be interrupted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <slate/error.h>

#include "base/try.h"
#include "exec/interrupt.h"

namespace slate {

// Sorts `rows`. `scratch` has room for as many. Pieces are sorted apart and merged, so that no stretch of it
// is long. O(n log n).
template <typename Row, typename Before>
Result<void> paced_sort(std::span<Row> rows, Row* scratch, const Before& before, Pacer& pacer) {
  constexpr std::size_t kPiece = Pacer::kRowsBetweenChecks / 2;
  for (std::size_t at = 0; at < rows.size(); at += kPiece) {
    const auto piece = rows.subspan(at, std::min(kPiece, rows.size() - at));
    SLATE_TRY(pacer.passed(piece.size()));
    std::sort(piece.begin(), piece.end(), before);
  }
  Row* from = rows.data();
  Row* to = scratch;
  for (std::size_t width = kPiece; width < rows.size(); width *= 2, std::swap(from, to)) {
    for (std::size_t begin = 0; begin < rows.size(); begin += 2 * width) {
      std::size_t left = begin;
      const std::size_t middle = std::min(begin + width, rows.size());
      std::size_t right = middle;
      const std::size_t end = std::min(begin + 2 * width, rows.size());
      for (std::size_t at = begin; at < end; ++at) {
        if ((at - begin) % kPiece == 0) SLATE_TRY(pacer.passed(std::min(kPiece, end - at)));
        const bool takes_left = left < middle && (right == end || !before(from[right], from[left]));
        to[at] = std::move(from[takes_left ? left++ : right++]);
      }
    }
  }
  if (from != rows.data()) std::move(from, from + rows.size(), rows.data());
  return {};
}

}  // namespace slate
