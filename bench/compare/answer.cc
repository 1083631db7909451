#include "bench/compare/answer.h"

#include <algorithm>

namespace slate::bench::compare {
namespace {

// The finalizer of MurmurHash3: every bit of the input changes about half of the output.
std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

// So that a text, a number and a null of the same bits differ.
constexpr std::uint64_t kText = 0x7465'7874;
constexpr std::uint64_t kNumber = 0x6e75'6d62;
constexpr std::uint64_t kNull = 0x6e75'6c6c;

}  // namespace

void CellCheck::text(std::string_view text) {
  answer_.folded += fold_text(text);
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;  // FNV-1a
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 1'099'511'628'211ULL;
  cell(mix(hash ^ kText));
}

void CellCheck::integer(std::int64_t number) {
  answer_.folded += static_cast<std::uint64_t>(number);
  cell(mix(mix(static_cast<std::uint64_t>(number)) ^ kNumber));
}

void CellCheck::null() { cell(mix(kNull)); }

void CellCheck::cell(std::uint64_t hash) {
  row_ = mix(row_ + hash);
  if (std::ranges::binary_search(key_columns_, column_)) answer_.keys = mix(answer_.keys + hash);
  ++column_;
}

void CellCheck::end_row() {
  answer_.checksum += mix(row_ + column_);
  ++answer_.rows;
  row_ = 0;
  column_ = 0;
}

}  // namespace slate::bench::compare
