// Loops over the rows of a block that predicates are made of.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "exec/row_mask.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace slate {

inline void keep_present(const ColumnView& column, RowMask& rows) {
  if (column.encoding == Encoding::kNull)
    rows.clear();
  else if (column.validity != nullptr)
    rows.keep(column.validity);
}

// Keeps rows for which holds(row) is true, asking only for rows that are still in.
template <typename Holds>
void keep_if(RowMask& rows, Holds&& holds) {
  for (std::size_t at = 0; at < rows.words(); ++at) {
    std::uint64_t kept = 0;
    for (std::uint64_t word = rows.word(at); word != 0; word &= word - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      kept |= static_cast<std::uint64_t>(holds(at * 64 + bit)) << bit;
    }
    rows.word(at) = kept;
  }
}

// 64 flags, each 0 or 1, as bits.
inline std::uint64_t pack_flags(const std::uint8_t* flags) {
  std::uint64_t bits = 0;
#if defined(__SSE2__)
  for (std::size_t i = 0; i < 64; i += 16) {
    const __m128i sixteen = _mm_load_si128(reinterpret_cast<const __m128i*>(flags + i));
    const int signs = _mm_movemask_epi8(_mm_slli_epi64(sixteen, 7));
    bits |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(signs)) << i;
  }
#else
  for (std::size_t i = 0; i < 64; i += 8) {
    std::uint64_t eight = 0;
    for (std::size_t k = 0; k < 8; ++k) eight |= static_cast<std::uint64_t>(flags[i + k]) << (8 * k);
    // The product's highest byte is the sum of the flags, each shifted to its own bit.
    bits |= (eight * 0x0102040810204080u >> 56) << i;
  }
#endif
  return bits;
}

// Whether a word has four bits at most.
inline bool has_few_bits(std::uint64_t word) {
  word &= word - 1;
  word &= word - 1;
  word &= word - 1;
  word &= word - 1;
  return word == 0;
}

// The same as keep_if for comparisons so cheap that every row of a word is compared while some rows of it
// are still in: holds(row) must have no branch and no effect, so that the compiler makes vectors of it.
template <typename Holds>
void keep_where(RowMask& rows, Holds&& holds) {
  alignas(16) std::uint8_t flags[64];
  for (std::size_t at = 0; at < rows.words(); ++at) {
    if (rows.word(at) == 0) continue;
    const std::size_t first = at * 64;
    if (has_few_bits(rows.word(at))) {
      for (std::uint64_t word = rows.word(at); word != 0; word &= word - 1)
        if (!holds(first + static_cast<std::size_t>(std::countr_zero(word)))) rows.word(at) ^= word & -word;
      continue;
    }
    if (first + 64 <= rows.rows()) {
      for (std::size_t i = 0; i < 64; ++i) flags[i] = static_cast<std::uint8_t>(holds(first + i));
    } else {
      const std::size_t end = rows.rows() - first;
      for (std::size_t i = 0; i < end; ++i) flags[i] = static_cast<std::uint8_t>(holds(first + i));
      for (std::size_t i = end; i < 64; ++i) flags[i] = 0;
    }
    rows.word(at) &= pack_flags(flags);
  }
}

// Calls visit(an unsigned number of `width` bytes).
template <typename Visit>
void with_width(std::uint8_t width, Visit&& visit) {
  switch (width) {
    case 1: return visit(std::uint8_t{});
    case 2: return visit(std::uint16_t{});
    case 4: return visit(std::uint32_t{});
    default: return visit(std::uint64_t{});
  }
}

}  // namespace slate
